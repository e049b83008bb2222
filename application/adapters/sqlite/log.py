"""The log on SQLite: ordered, without holes, durable when an append returns."""

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import (
    ApplicationRecorder,
    IntegrityError,
    Notification,
    StoredEvent,
    Subscription,
)

from application.adapters.database import ConstraintError
from application.adapters.sqlite.connections import Connections, Growth
from application.adapters.sqlite.fences import (
    NoneSince,
    require_none,
    require_versions,
)
from application.adapters.sqlite.soundness import is_guarded, log_schema
from application.errors import LogBusyError, NewerLogError

LOG_FORMAT = 1

_log = logging.getLogger(__name__)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

_INSERT = (
    "INSERT INTO event (position, originator_id, originator_version, topic, state,"
    " recorded_at) VALUES (?, ?, ?, ?, ?, ?)"
)
# So many stories are asked for at once.
_CHUNK = 500
_COLUMNS = "position, originator_id, originator_version, topic, state, recorded_at"


def _now() -> datetime:
    return datetime.now(UTC)


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


class LoggedEvent(Notification):
    """A stored event with its position (`id`) and time in the log.

    `recorded_at` is in microseconds since 1970 in UTC.
    """

    recorded_at: int

    def __init__(self, row: tuple[int, bytes, int, str, bytes, int]) -> None:
        super().__init__(
            originator_id=UUID(bytes=row[1]),
            originator_version=row[2],
            topic=row[3],
            state=row[4],
            id=row[0],
        )
        object.__setattr__(self, "recorded_at", row[5])


class SQLiteLog(ApplicationRecorder):
    """The library's recorder port on a table that only grows."""

    def __init__(
        self,
        path: Path,
        *,
        busy_seconds: float = 5.0,
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._connections = Connections(path, busy_seconds=busy_seconds)
        self._now = now
        self._busy_seconds = busy_seconds
        # Threads of one process queue here; SQLite's own waiting is not fair.
        self._turn = Lock()
        self._make()

    def _make(self) -> None:
        with self._connections.reading() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
            if found > LOG_FORMAT:
                msg = (
                    f"{self._connections.path} has format {found}, this Flashlog knows "
                    f"{LOG_FORMAT}: install the version that wrote it or a later one"
                )
                raise NewerLogError(msg)
            if found == LOG_FORMAT and is_guarded(connection):
                return
            if found:
                _log.error("action=log_unguarded its triggers were gone; made again")
            connection.executescript(
                f"BEGIN IMMEDIATE; {log_schema()}"
                f" PRAGMA user_version={LOG_FORMAT}; COMMIT;"
            )

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        expected: Sequence[tuple[UUID, int]] = (),
        none_since: NoneSince | None = None,
        **_kwargs: Any,
    ) -> Sequence[int]:
        """Append at the end, all or nothing; returns the positions given.

        `expected` are stories that nothing is appended to, and the versions that they
        must still have; `none_since` what must not have happened anywhere.
        """
        if not stored_events:
            return []
        try:
            with self._in_turn(), self._connections.writing() as connection:
                require_versions(connection, expected)
                require_none(connection, none_since)
                last, recorded_at = connection.execute(
                    "SELECT position, recorded_at FROM event"
                    " ORDER BY position DESC LIMIT 1"
                ).fetchone() or (0, 0)
                recorded_at = max(recorded_at, _microseconds(self._now()))
                rows = [
                    (
                        position,
                        _id_bytes(event.originator_id),
                        event.originator_version,
                        event.topic,
                        event.state,
                        recorded_at,
                    )
                    for position, event in enumerate(stored_events, last + 1)
                ]
                connection.executemany(_INSERT, rows)
        except ConstraintError as error:
            raise IntegrityError(error) from error
        return [row[0] for row in rows]

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._busy_seconds):
            msg = f"{self._connections.path} is kept busy by other threads: try again"
            raise LogBusyError(msg)
        try:
            yield
        finally:
            self._turn.release()

    def select_events(
        self,
        originator_id: UUID | str,
        *,
        gt: int | None = None,
        lte: int | None = None,
        desc: bool = False,
        limit: int | None = None,
    ) -> Sequence[LoggedEvent]:
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event WHERE originator_id = ?"  # noqa: S608
                " AND originator_version > ? AND originator_version <= ?"
                f" ORDER BY originator_version {'DESC' if desc else 'ASC'} LIMIT ?",
                (
                    _id_bytes(originator_id),
                    gt or 0,
                    lte if lte is not None else 1 << 62,
                    limit if limit is not None else -1,
                ),
            ).fetchall()
        return [LoggedEvent(row) for row in rows]

    def select_stories(
        self, originator_ids: Sequence[UUID], *, topics: Sequence[str] = ()
    ) -> Sequence[LoggedEvent]:
        """Return the events of some stories, one story after the other."""
        marks = ", ".join("?" * len(originator_ids))
        kinds = ", ".join("?" * len(topics))
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                f" WHERE originator_id IN ({marks})"
                + (f" AND topic IN ({kinds})" if topics else "")
                + " ORDER BY originator_id, originator_version",
                [*(each.bytes for each in originator_ids), *topics],
            ).fetchall()
        return [LoggedEvent(row) for row in rows]

    def select_positions(self, originator_ids: Sequence[UUID]) -> list[int]:
        """Return where the events of some stories are; the index alone is read."""
        found: list[int] = []
        with self._connections.reading() as connection:
            for start in range(0, len(originator_ids), _CHUNK):
                chunk = originator_ids[start : start + _CHUNK]
                marks = ", ".join("?" * len(chunk))
                rows = connection.execute(
                    f"SELECT position FROM event WHERE originator_id IN ({marks})",  # noqa: S608
                    [each.bytes for each in chunk],
                )
                found += (position for (position,) in rows)
        return found

    def select_at(self, positions: Sequence[int]) -> Sequence[LoggedEvent]:
        """Return the events at some positions."""
        marks = ", ".join("?" * len(positions))
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event WHERE position IN ({marks})",  # noqa: S608
                positions,
            ).fetchall()
        return [LoggedEvent(row) for row in rows]

    def select_notifications(
        self,
        start: int | None,
        limit: int,
        stop: int | None = None,
        topics: Sequence[str] = (),
        *,
        inclusive_of_start: bool = True,
    ) -> Sequence[LoggedEvent]:
        after = (start or 0) - (1 if inclusive_of_start and start else 0)
        wanted = set(topics)
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                " WHERE position > ? AND position <= ? ORDER BY position LIMIT ?",
                (after, stop if stop is not None else 1 << 62, limit),
            ).fetchall()
        return [LoggedEvent(row) for row in rows if not wanted or row[3] in wanted]

    def max_notification_id(self) -> int | None:
        with self._connections.reading() as connection:
            (position,) = connection.execute(
                "SELECT max(position) FROM event"
            ).fetchone()
        return int(position) if position is not None else None

    def last_recorded_at(self) -> datetime:
        """Return the time of the newest event; 1970 where there is none."""
        with self._connections.reading() as connection:
            (recorded_at,) = connection.execute(
                "SELECT coalesce(max(recorded_at), 0) FROM event"
                " WHERE position = (SELECT max(position) FROM event)"
            ).fetchone()
        return _EPOCH + timedelta(microseconds=recorded_at)

    def position_at(self, at: datetime) -> int:
        """Return the last position that was recorded at or before a time; 0: none."""
        wanted = _microseconds(at)
        first, last = 0, self.max_notification_id() or 0
        with self._connections.reading() as connection:
            # Times never go back: a few looks find it in any log.
            while first < last:
                middle = (first + last + 1) // 2
                (recorded_at,) = connection.execute(
                    "SELECT recorded_at FROM event WHERE position = ?", (middle,)
                ).fetchone()
                if recorded_at <= wanted:
                    first = middle
                else:
                    last = middle - 1
        return first

    def version_of(self, originator_id: UUID) -> int:
        """Return how many events a story has; cheap enough to ask while bytes flow."""
        with self._connections.reading() as connection:
            (version,) = connection.execute(
                "SELECT coalesce(max(originator_version), 0) FROM event"
                " WHERE originator_id = ?",
                (originator_id.bytes,),
            ).fetchone()
        return int(version)

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

    def growth(self) -> Growth:
        """Watch for appends by anybody, in this process or another."""
        return self._connections.growth()

    def subscribe(
        self, gt: int | None = None, topics: Sequence[str] = ()
    ) -> Subscription[ApplicationRecorder]:
        msg = "follow the log with `growth` and `select_notifications`"
        raise NotImplementedError(msg)

    def close(self) -> None:
        self._connections.close()


def _id_bytes(originator_id: UUID | str) -> bytes:
    return (
        originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
    ).bytes
