"""A log on either database, and what must hold of every log."""

import sqlite3
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from application.adapters.log.appending import Log
from application.adapters.sqlite.log import SQLiteLog

_ROWS = (
    "SELECT position, originator_id, originator_version, recorded_at"
    " FROM event ORDER BY position"
)


def story(
    length: int, *, originator_id: UUID | None = None, after: int = 0, size: int = 2
) -> Sequence[StoredEvent]:
    """The next events of one story; `size` is the number of bytes of each state."""
    originator_id = originator_id or uuid4()
    return [
        StoredEvent(
            originator_id=originator_id,
            originator_version=version,
            topic="Example:Happened",
            state=b"{}".ljust(size),
        )
        for version in range(after + 1, after + length + 1)
    ]


class LogPlace(Protocol):
    """Where a log is kept: opened by us, and by plain clients of the database."""

    @property
    def name(self) -> str:
        """What a process is told to open it."""

    @property
    def shown(self) -> str:
        """What people are told of it."""

    def opened(self, **kwargs: Any) -> Log: ...

    def plain(self, *statements: str) -> list[Any]:
        """Run statements by a plain client, and return the rows of the last one.

        Raises whatever the client does.
        """

    def locked(self) -> AbstractContextManager[None]:
        """Keep everybody from appending."""

    def close(self) -> None: ...


class SQLitePlace:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = self.shown = str(path)
        self._open: list[Log] = []

    def opened(self, **kwargs: Any) -> Log:
        log = SQLiteLog(self.path, **kwargs)
        self._open.append(log)
        return log

    def plain(self, *statements: str) -> list[Any]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as plain:
            for statement in statements:
                found = plain.execute(statement)
            return found.fetchall()

    @contextmanager
    def locked(self) -> Iterator[None]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as other:
            other.execute("PRAGMA journal_mode=WAL")
            other.execute("BEGIN IMMEDIATE")
            yield

    def close(self) -> None:
        for log in self._open:
            log.close()


class PostgresPlace:
    def __init__(self, url: str) -> None:
        from application.adapters.postgres.pool import Pool

        self.name = url
        self.shown = f"{Pool(url).name} (log)"
        self._open: list[tuple[Any, Any]] = []

    def opened(self, *, busy_seconds: float = 5.0, **kwargs: Any) -> Log:
        from application.adapters.postgres.database import PostgresDatabase
        from application.adapters.postgres.listener import Listener
        from application.adapters.postgres.log import PostgresLog
        from application.adapters.postgres.pool import Pool

        pool = Pool(self.name, busy_seconds=busy_seconds)
        listener = Listener(pool)
        self._open.append((listener, pool))
        return PostgresLog(PostgresDatabase(pool, listener, "log"), **kwargs)

    def plain(self, *statements: str) -> list[Any]:
        import psycopg

        with psycopg.connect(self.name, autocommit=True) as plain:
            plain.execute("SET search_path = flashlog_log")
            for statement in statements:
                found = plain.execute(statement.encode())
            return found.fetchall() if found.description else []

    @contextmanager
    def locked(self) -> Iterator[None]:
        import psycopg

        from application.adapters.postgres.keys import key_of

        with psycopg.connect(self.name) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (key_of("flashlog_log"),))
            yield

    def close(self) -> None:
        for listener, pool in self._open:
            listener.close()
            pool.close()


def place_named(name: str) -> LogPlace:
    """Return the place of a log in another process."""
    is_url = name.startswith("postgresql:")
    return PostgresPlace(name) if is_url else SQLitePlace(Path(name))


@contextmanager
def given_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogPlace]:
    """Give the place that the test is run on: `request.param`."""
    place: LogPlace = SQLitePlace(tmp_path / "log.sqlite")
    if request.param == "postgres":
        place = PostgresPlace(request.getfixturevalue("postgres_url"))
    yield place
    place.close()


def rows(place: LogPlace) -> list[tuple[int, bytes, int, int]]:
    """Position, originator, version and time of all events, by a plain connection."""
    return place.plain(_ROWS)


def check_whole(place: LogPlace) -> int:
    """Assert that the log has no holes, in order and stories; returns its length."""
    found = rows(place)
    assert [row[0] for row in found] == list(range(1, len(found) + 1))
    versions: dict[bytes, int] = {}
    for _, originator, version, _ in found:
        assert version == versions.get(originator, 0) + 1
        versions[originator] = version
    times = [row[3] for row in found]
    assert times == sorted(times)
    if isinstance(place, SQLitePlace):
        assert place.plain("PRAGMA integrity_check") == [("ok",)]
    return len(found)


def writer_of(place: LogPlace, stories: int, threads: int) -> list[str]:
    """The command of a process that appends; it begins when it is told to."""
    words = ["tests.adapters.writer", place.name, str(stories), str(threads)]
    return [sys.executable, "-m", *words]
