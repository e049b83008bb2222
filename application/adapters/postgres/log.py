"""Appending to the log on PostgreSQL: one call of a function in the database."""

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from operator import attrgetter
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from application.adapters.log.appending import LOG_FORMAT, Log
from application.adapters.log.event import (
    LoggedEvent,
    id_bytes,
    microseconds,
    utc_now,
)
from application.adapters.log.fences import NoneSince
from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.log_schema import log_schema
from application.adapters.postgres.memory import Memory, why_closed
from application.adapters.postgres.soundness import unguarded

_log = logging.getLogger(__name__)

_APPEND = (
    "SELECT flashlog_log.append_events(?::bytea[], ?::bigint[], ?::text[], ?::bytea[],"
    " ?, ?::bytea[], ?::bigint[], ?, ?::text[])"
)


class PostgresLog(Log):
    """The log in a schema of its own."""

    def __init__(
        self, database: PostgresDatabase, *, now: Callable[[], datetime] = utc_now
    ) -> None:
        self._postgres = database
        self._memory = Memory(database)
        super().__init__(database, busy_seconds=database.pool.busy_seconds, now=now)
        self._guard()

    def _make(self) -> None:
        self._postgres.make_as_written(
            log_schema(self._postgres.lock_key), format_number=LOG_FORMAT
        )

    def _guard(self) -> None:
        """Make again what lets the log only grow, where somebody has taken it away."""
        wrong = list(unguarded(self._postgres))
        if wrong:
            _log.error("action=log_unguarded %s: made again", ", ".join(wrong))
            self._make()

    def _append(
        self,
        stored_events: Sequence[StoredEvent],
        expected: Sequence[tuple[UUID, int]],
        none_since: NoneSince | None,
    ) -> int:
        with self._postgres.reading() as connection:
            (first,) = connection.execute(
                _APPEND,
                (
                    [id_bytes(each.originator_id) for each in stored_events],
                    [each.originator_version for each in stored_events],
                    [each.topic for each in stored_events],
                    [each.state for each in stored_events],
                    microseconds(self._now()),
                    [originator_id.bytes for originator_id, _ in expected],
                    [version for _, version in expected],
                    none_since.position if none_since else 0,
                    list(none_since.topics) if none_since else [],
                ),
            ).fetchone()
        newest, position = stored_events[-1], int(first) + len(stored_events) - 1
        self._memory.note(
            position,
            (id_bytes(newest.originator_id), newest.originator_version, newest.state),
        )
        return int(first)

    def why_closed(self) -> str:
        return why_closed(self._postgres)

    def reopen(self) -> None:
        self._memory.reopen()

    def _seen(self, events: list[LoggedEvent]) -> list[LoggedEvent]:
        if events:
            newest = max(events, key=attrgetter("id"))
            its = (
                id_bytes(newest.originator_id),
                newest.originator_version,
                newest.state,
            )
            self._memory.note(newest.id, its)
        return events
