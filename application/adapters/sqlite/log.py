"""Appending to the log on SQLite."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from uuid import UUID

from eventsourcing.persistence import StoredEvent

from application.adapters.log.appending import LOG_FORMAT, Log
from application.adapters.log.event import id_bytes, microseconds, utc_now
from application.adapters.log.fences import (
    NoneSince,
    require_none,
    require_versions,
)
from application.adapters.log.taking_over import INSERT
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.soundness import guard


class SQLiteLog(Log):
    """The log in a file of its own."""

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float = 5.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._connections = Connections(path, busy_seconds=busy_seconds)
        super().__init__(self._connections, busy_seconds=busy_seconds, now=now)
        guard(self._connections)

    def _make(self) -> None:
        schema = files("application.adapters.sqlite").joinpath("log.sql").read_text()
        self._connections.make(schema, LOG_FORMAT)

    def _append(
        self,
        stored_events: Sequence[StoredEvent],
        expected: Sequence[tuple[UUID, int]],
        none_since: NoneSince | None,
    ) -> int:
        with self._connections.writing() as connection:
            require_versions(connection, expected)
            require_none(connection, none_since)
            last, recorded_at = connection.execute(
                "SELECT position, recorded_at FROM event ORDER BY position DESC LIMIT 1"
            ).fetchone() or (0, 0)
            recorded_at = max(recorded_at, microseconds(self._now()))
            connection.executemany(
                INSERT,
                [
                    (
                        position,
                        id_bytes(event.originator_id),
                        event.originator_version,
                        event.topic,
                        event.state,
                        recorded_at,
                    )
                    for position, event in enumerate(stored_events, last + 1)
                ],
            )
        return int(last) + 1

    def backup(self, path: Path) -> int:
        """Copy the log as it is at one moment, while others write; returns its end."""
        with self._connections.reading() as connection:
            copy = sqlite3.connect(path)
            try:
                connection.backup(copy)
                (end,) = copy.execute(
                    "SELECT coalesce(max(position), 0) FROM event"
                ).fetchone()
            finally:
                copy.close()
        return int(end)
