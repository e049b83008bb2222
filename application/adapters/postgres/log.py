"""Appending to the log on PostgreSQL: one call of a function in the database."""

from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from application.adapters.log.appending import LOG_FORMAT, Log
from application.adapters.log.event import id_bytes, microseconds, utc_now
from application.adapters.log.fences import NoneSince
from application.adapters.postgres.database import PostgresDatabase

# They let the log only grow.
TRIGGERS = frozenset({"event_is_next", "event_is_final", "event_is_kept"})

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
        super().__init__(database, busy_seconds=database.pool.busy_seconds, now=now)

    def _make(self) -> None:
        schema = files("application.adapters.postgres").joinpath("log.sql").read_text()
        self._postgres.make_as_written(
            schema.replace("{lock}", str(self._postgres.lock_key)),
            format_number=LOG_FORMAT,
        )

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
        return int(first)
