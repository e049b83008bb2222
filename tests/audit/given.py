"""Logs with a few events and their trees, and somebody with a plain SQLite client."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

from application.adapters.sqlite.audit_store import AuditStore
from application.adapters.sqlite.log import SQLiteLog
from application.adapters.sqlite.rows import StoredRows
from application.audit.keeper import TreeKeeper
from domain.transparency.note import SigningKey

ORIGIN = "flashlog/test"
_TOPIC = "Device:Renamed"


def append(path: Path, count: int, *, originator_id: UUID | None = None) -> None:
    """Append events, three to a story."""
    log = SQLiteLog(path)
    made = 0
    while made < count:
        story = originator_id or uuid4()
        more = min(3, count - made)
        log.insert_events(
            [
                StoredEvent(story, version, _TOPIC, f'{{"name":"n{made}"}}'.encode())
                for version in range(1, more + 1)
            ]
        )
        made += more
    log.close()


class House:
    """A data directory with a log and its tree, signed every `events_max` events."""

    def __init__(self, directory: Path, *, events_max: int = 10) -> None:
        self.directory = directory
        self.log = directory / "log.sqlite"
        self.store = directory / "audit.sqlite"
        self.key = SigningKey.make(ORIGIN)
        self.events_max = events_max
        append(self.log, 1)

    def append(self, count: int) -> None:
        append(self.log, count)

    def sign(self) -> int:
        """Sign all there is, as a process that has just started does."""
        with self.keeper() as keeper:
            return keeper.catch_up()

    @contextmanager
    def keeper(self) -> Iterator[TreeKeeper]:
        rows, store = StoredRows(self.log), AuditStore(self.store)
        try:
            yield TreeKeeper(rows, store, self.key, events_max=self.events_max)
        finally:
            rows.close()
            store.close()

    def tamper(self, *statements: str) -> None:
        """Do what whoever may write to the file can do, as if no trigger were there."""
        with closing(sqlite3.connect(self.log)) as connection:
            triggers = connection.execute(
                "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'"
            ).fetchall()
            for name, _ in triggers:
                connection.execute(f"DROP TRIGGER {name}")
            for statement in statements:
                connection.execute(statement)
            for _, sql in triggers:
                connection.execute(sql)
            connection.commit()

    def tamper_with_tree(self, *statements: str) -> None:
        with closing(sqlite3.connect(self.store)) as connection:
            for statement in statements:
                connection.execute(statement)
            connection.commit()

    def rows(self) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.store)) as connection:
            tiles = connection.execute("SELECT * FROM tile ORDER BY level, number")
            return tiles.fetchall()
