"""From the log to the read models: rows and their position in one transaction.

An aggregate's own `evolve` makes the state that its row shows, so a read model cannot
tell another story than the aggregate. Many events are taken at once and each row is
written once for all of them.
"""

import logging
import sqlite3
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from threading import Event as Signal
from uuid import UUID

from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import Growth
from application.errors import StorageError
from application.log import Entry, EventLog
from application.projections.batches import BatchCounts
from application.projections.belonging import note_belonging
from application.projections.dues import park, set_due
from application.projections.gone import note_gone, without_gone
from application.projections.ownership import note_owner, owner_of
from application.projections.rows import moment, shown
from application.projections.tables import schema
from application.projections.writing import delete, replace_children, write
from domain.base import Aggregate, rebuild
from domain.batch.batch import Batch, BatchTargets
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation

VIEWS_FORMAT = 8
_BATCH = 2000
# Stories that are still being told; those that have ended are let go at once.
_REMEMBERED = 10_000
# How often the log is asked whether it has grown, in seconds.
_PAUSE_SECONDS = 0.004
# After trouble (a full disk, a lock) there is no hurry.
_TROUBLE_PAUSE_SECONDS = 0.2

_log = logging.getLogger(__name__)


class Projector:
    """Keeps the read models up with the log. One at a time, guarded by the caller."""

    def __init__(self, log: EventLog, connections: Connections) -> None:
        self._log = log
        self._connections = connections
        self._stories: OrderedDict[UUID, tuple[Aggregate, datetime, int]] = (
            OrderedDict()
        )

    def run(self, stop: Signal) -> None:
        """Follow the log until told to stop."""
        growth, views = self._log.growth(), Growth(self._connections.open())
        try:
            is_behind = True
            while not stop.is_set():
                # The read models change by others too: somebody may have emptied them.
                has_changed = growth.has_happened() | views.has_happened()
                is_behind = has_changed or is_behind
                if is_behind:
                    is_behind = not self._could_catch_up()
                stop.wait(_TROUBLE_PAUSE_SECONDS if is_behind else _PAUSE_SECONDS)
        finally:
            growth.close()
            views.close()

    def catch_up(self) -> int:
        """Take in everything up to the end of the log; returns the position."""
        position = self.position()
        while entries := self._log.read(after=position, limit=_BATCH):
            self._take(entries)
            position = self.position()
        return position

    def _could_catch_up(self) -> bool:
        try:
            self.catch_up()
        except StorageError as error:
            _log.warning("the read models fall behind: %s", error)
            return False
        return True

    def position(self) -> int:
        with self._connections.reading() as connection:
            return position_in(connection)

    def rebuild(self) -> int:
        """Drop the read models and make them again from the log."""
        self._stories.clear()
        self.drop()
        return self.catch_up()

    def drop(self) -> None:
        """Empty the read models; whoever is the projector makes them again."""
        drop_views(self._connections)

    def _take(self, entries: Sequence[Entry]) -> None:
        touched: dict[UUID, tuple[Aggregate, datetime, int, datetime]] = {}
        for entry in entries:
            aggregate, created, position = self._story_before(entry)
            aggregate.evolve(entry.event)
            touched[aggregate.id] = (aggregate, created, position, entry.recorded_at)
        with self._connections.writing() as connection:
            if position_in(connection) != entries[0].position - 1:
                # Emptied meanwhile, for a rebuild: begin again from where they are.
                return
            counts = BatchCounts()
            for aggregate, created, position, modified in touched.values():
                _count(connection, counts, aggregate, moment(modified))
                self._show(connection, aggregate, created, position, modified)
            counts.write(connection)
            connection.execute(
                "INSERT INTO progress VALUES ('views', ?)"
                " ON CONFLICT DO UPDATE SET position = excluded.position",
                (entries[-1].position,),
            )
        self._forget_the_ended(touched)

    def _story_before(self, entry: Entry) -> tuple[Aggregate, datetime, int]:
        event = entry.event
        known = self._stories.get(event.originator_id)
        if known is not None and known[0].version == event.originator_version - 1:
            self._stories.move_to_end(event.originator_id)
            return known
        if event.originator_version == 1:
            aggregate: Aggregate = event.AGGREGATE(event.originator_id)
            known = (aggregate, entry.recorded_at, entry.position)
        else:
            before = [
                earlier
                for earlier in self._log.story(event.originator_id)
                if earlier.position < entry.position
            ]
            told = rebuild(None, (earlier.event for earlier in before))
            if told is None:
                msg = f"the log lacks the beginning of {event.originator_id}"
                raise RuntimeError(msg)
            known = (told, before[0].recorded_at, before[0].position)
        self._stories[event.originator_id] = known
        return known

    def _show(
        self,
        connection: sqlite3.Connection,
        aggregate: Aggregate,
        created: datetime,
        position: int,
        modified: datetime,
    ) -> None:
        note_belonging(connection, aggregate)
        seen = shown(aggregate)
        if seen is None:
            return
        if isinstance(aggregate, Device):
            note_owner(connection, aggregate)
        if seen.row is None:
            delete(connection, seen.table, aggregate.id)
            if isinstance(aggregate, FirmwareImage):
                note_gone(connection, aggregate.id)
        else:
            row = seen.row | {
                "position": position,
                "created": moment(created),
                "modified": moment(modified),
            }
            if isinstance(aggregate, UpgradeOperation):
                row["organization_id"] = owner_of(connection, aggregate.device_id)
            write(connection, seen.table, without_gone(connection, row))
        for table, children in seen.children.items():
            replace_children(connection, table, aggregate.id, children)
        if isinstance(aggregate, UpgradeOperation):
            set_due(connection, aggregate)
        if isinstance(aggregate, Batch):
            park(connection, aggregate)

    def _forget_the_ended(
        self, touched: dict[UUID, tuple[Aggregate, datetime, int, datetime]]
    ) -> None:
        for aggregate, *_ in touched.values():
            if isinstance(aggregate, BatchTargets) or (
                isinstance(aggregate, UpgradeOperation) and aggregate.is_settled
            ):
                self._stories.pop(aggregate.id, None)
        while len(self._stories) > _REMEMBERED:
            self._stories.popitem(last=False)


def open_views(path: Path) -> Connections:
    """Open the read models; those of another format are made again from the log."""
    connections = Connections(path, synchronous="NORMAL")
    with connections.reading() as connection:
        (found,) = connection.execute("PRAGMA user_version").fetchone()
    if found not in {0, VIEWS_FORMAT}:
        drop_views(connections)
    elif found == 0:
        _make_views(connections)
    return connections


def drop_views(connections: Connections) -> None:
    """Empty the read models, all at once: who is killed here leaves them whole."""
    with connections.reading() as connection:
        tables = connection.execute(
            # Turns are not made from the log: uploads go on while this happens.
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'turn'"
        ).fetchall()
    drops = "".join(f'DROP TABLE IF EXISTS "{table}"; ' for (table,) in tables)
    _make_views(connections, before=drops)


def position_in(connection: sqlite3.Connection) -> int:
    found = connection.execute(
        "SELECT position FROM progress WHERE name = 'views'"
    ).fetchone()
    return int(found[0]) if found else 0


def _make_views(connections: Connections, *, before: str = "") -> None:
    with connections.reading() as connection:
        connection.executescript(
            f"BEGIN IMMEDIATE; {before}{schema()}"
            f" PRAGMA user_version={VIEWS_FORMAT}; COMMIT;"
        )


def _count(
    connection: sqlite3.Connection,
    counts: BatchCounts,
    aggregate: Aggregate,
    modified: str,
) -> None:
    """Note what a batch's own row must say after this."""
    if isinstance(aggregate, Batch):
        counts.touch(str(aggregate.id), modified)
    if isinstance(aggregate, UpgradeOperation) and aggregate.batch_id is not None:
        known = connection.execute(
            "SELECT status FROM operation WHERE id = ?", (str(aggregate.id),)
        ).fetchone()
        batch_id = str(aggregate.batch_id)
        counts.touch(batch_id, modified)
        counts.count(
            batch_id, before=known[0] if known else None, after=aggregate.status
        )
