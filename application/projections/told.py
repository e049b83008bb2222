"""What some events have made of those that they happened to, and the rows for it.

Everything is asked and written for all of them at once: where the database is reached
over a network, what counts is how often something is said to it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import count
from uuid import UUID

import msgspec

from application.adapters.database import Connection
from application.projections.batches import BatchCounts
from application.projections.belonging import note_belongings
from application.projections.dues import park, set_due
from application.projections.gone import note_gone, without_gone
from application.projections.ownership import note_owners, owners_of
from application.projections.rows import Row, moment, shown
from application.projections.writing import (
    Stored,
    delete,
    replace_children,
    stored,
    write,
)
from domain.base import Aggregate
from domain.batch.batch import Batch
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation


class Touched(msgspec.Struct):
    """An aggregate with what its events do not say: its place and its times."""

    aggregate: Aggregate
    created: datetime
    position: int
    modified: datetime


class Told(msgspec.Struct, frozen=True):
    """What some events have made of those that they happened to."""

    touched: Mapping[UUID, Touched]

    def write(self, connection: Connection) -> None:
        """Make the rows what they are to be."""
        devices = {
            each.position: each.aggregate
            for each in self.touched.values()
            if isinstance(each.aggregate, Device)
        }
        note_owners(connection, devices)
        note_belongings(connection, [each.aggregate for each in self.touched.values()])
        rows = _Rows(self.touched.values())
        note_gone(connection, rows.deleted["image"])
        for table, ids in rows.deleted.items():
            delete(connection, table, ids)
        counts = BatchCounts()
        for table, ones in rows.shown.items():
            if table == "operation":
                _write_operations(connection, ones, counts)
            elif table == "device":
                _write(connection, table, without_gone(connection, ones))
            else:
                _write(connection, table, ones)
        for table, children in rows.children.items():
            replace_children(connection, table, children)
        for each in self.touched.values():
            if isinstance(each.aggregate, Batch):
                counts.touch(str(each.aggregate.id), moment(each.modified))
                park(connection, each.aggregate)
        counts.write(connection)
        set_due(
            connection,
            [
                each.aggregate
                for each in self.touched.values()
                if isinstance(each.aggregate, UpgradeOperation)
            ],
        )


class _Rows:
    """The rows that are wanted, those that hang on them, and what was deleted."""

    def __init__(self, touched: Iterable[Touched]) -> None:
        self.shown: defaultdict[str, list[Row]] = defaultdict(list)
        self.deleted: defaultdict[str, list[str]] = defaultdict(list)
        self.children: defaultdict[str, dict[str, Sequence[Row]]] = defaultdict(dict)
        for each in touched:
            self._add(each)

    def _add(self, touched: Touched) -> None:
        seen = shown(touched.aggregate)
        if seen is None:
            return
        row_id = str(touched.aggregate.id)
        for table, rows in seen.children.items():
            self.children[table][row_id] = rows
        if seen.row is None:
            self.deleted[seen.table].append(row_id)
            return
        times = {
            "position": touched.position,
            "created": moment(touched.created),
            "modified": moment(touched.modified),
        }
        self.shown[seen.table].append(seen.row | times)


def _write(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    write(connection, table, rows, _before(connection, table, rows))


def _before(connection: Connection, table: str, rows: Sequence[Row]) -> Stored:
    return stored(connection, table, [row["id"] for row in rows])


def take_operations(connection: Connection, rows: Sequence[Row]) -> None:
    """Write rows of operations as they are elsewhere, and count those of batches."""
    counts = BatchCounts()
    _write_operations(connection, rows, counts)
    counts.write(connection)


def _write_operations(
    connection: Connection, rows: Sequence[Row], counts: BatchCounts
) -> None:
    """Write operations with their owners and numbers; count those of batches."""
    owners = owners_of(connection, {row["device_id"] for row in rows})
    before = _before(connection, "operation", rows)
    (last,) = connection.execute("SELECT max(number) FROM operation").fetchone()
    numbers = count((last or 0) + 1)
    wanted = []
    for row in without_gone(connection, rows):
        was = before.get(row["id"])
        wanted.append(
            row
            | {
                "number": was["number"] if was else next(numbers),
                "organization_id": owners.get(row["device_id"], ""),
            }
        )
        if row["batch_id"] is not None:
            counts.touch(row["batch_id"], row["modified"])
            counts.count(
                row["batch_id"],
                before=was["status"] if was else None,
                after=row["status"],
            )
    write(connection, "operation", wanted, before)
