"""Logs with a few events and their trees, and somebody with a plain SQLite client."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from eventsourcing.persistence import ApplicationRecorder, StoredEvent

from application.adapters.audit_store import AuditStore
from application.adapters.log.rows import StoredRows
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import SQLiteLog
from application.audit.audit import Audit
from application.audit.export import export
from application.audit.keeper import TreeKeeper
from domain.transparency.note import SigningKey

ORIGIN = "flashlog/test"
_TOPIC = "Device:Renamed"


def append(log: ApplicationRecorder, count: int) -> None:
    """Append events in one transaction, three to a story."""
    story = uuid4()
    events = []
    for number in range(count):
        version = number % 3 + 1
        story = uuid4() if version == 1 else story
        state = f'{{"name":"n{number}"}}'.encode()
        events.append(StoredEvent(story, version, _TOPIC, state))
    log.insert_events(events)


class House:
    """A data directory with a log and its tree, signed every `events_max` events."""

    def __init__(
        self, directory: Path, *, events_max: int = 10, is_new: bool = True
    ) -> None:
        self.directory = directory
        self.log = directory / "log.sqlite"
        self.store = directory / "audit.sqlite"
        self.key = SigningKey.make(ORIGIN)
        self.events_max = events_max
        if is_new:
            self.append(1)

    def append(self, count: int) -> None:
        with closing(SQLiteLog(self.log)) as log:
            append(log, count)

    def sign(self) -> int:
        """Sign all there is, as a process that has just started does."""
        with self.keeper() as keeper:
            return keeper.catch_up()

    @contextmanager
    def keeper(self) -> Iterator[TreeKeeper]:
        rows, store = (
            StoredRows(Connections(self.log)),
            AuditStore(Connections(self.store)),
        )
        try:
            yield TreeKeeper(rows, store, self.key, events_max=self.events_max)
        finally:
            rows.close()
            store.close()

    @contextmanager
    def audit(self) -> Iterator[Audit]:
        audit = Audit(
            StoredRows(Connections(self.log)),
            AuditStore(Connections(self.store)),
            self.key,
            checkpoint_events_max=self.events_max,
        )
        try:
            yield audit
        finally:
            audit.close()

    def export(self, name: str) -> Path:
        """Export everything that is signed into a directory of this name."""
        directory = self.directory / name
        with self.audit() as audit:
            export(audit, directory)
        return directory

    def kept(self, size: int) -> str:
        """Return a checkpoint as somebody else keeps it."""
        with self.audit() as audit:
            found = audit.store.checkpoint(size)
        assert found is not None
        return found.note

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
