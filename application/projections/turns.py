"""Whose turn it is: how many uploads and reboots there may be at the same moment.

A turn is taken before the first byte is sent to a router and kept until the visit has
found that it is over. It belongs to the operation and not to the process that visits
it: whoever goes on after a crash goes on with the same turn. What only the log knows
(a flash that has begun and no outcome yet) counts whether there is a turn or not.

Whether a turn is over, and whose it is, the log says, asked while nobody else can
change turns: the read models may be late, and a runner that was frozen does not know
that it was overtaken.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from uuid import UUID

import msgspec

from application.adapters.database import Connection, Database
from application.log import EventLog
from application.news import News
from domain.operation.operation import UpgradeOperation

# Those that were flashed and are not yet verified count also without a turn: they lost
# it together with the table.
_TAKEN = (
    "SELECT operation_id AS id, batch_id FROM turn"
    " UNION SELECT id, batch_id FROM operation"
    " WHERE status = 'in-progress' AND cancellable = 0"
)


class Bounds(msgspec.Struct, frozen=True, kw_only=True):
    """How many there may be at the same moment, of an installation or of a batch."""

    uploads_max: int
    uploads_per_location_max: int
    reboots_max: int


class Turns:
    """The turns of all processes of an installation.

    `freed` tells when one came free here.
    """

    def __init__(self, database: Database, log: EventLog, bounds: Bounds) -> None:
        self.freed = News()
        self._database = database
        self._log = log
        self._bounds = bounds
        # Whoever looks into the log while it writes here needs two connections: of
        # many threads that wait here with one, none might get the other.
        self._one = Lock()

    def take(self, operation: UpgradeOperation, *, of_batch: Bounds | None) -> bool:
        """Take the turn to upload and then to flash; False when all are taken.

        Who was overtaken gets none: the turn is that of the newer visit.
        """
        with self._database.reading() as connection:
            if not self._has_room(connection, operation, of_batch):
                return False
        with self._writing() as connection:
            if self._is_overtaken(operation) or not self._has_room(
                connection, operation, of_batch
            ):
                return False
            connection.execute(
                "INSERT INTO turn (operation_id, kind, location_id, batch_id)"
                " VALUES (?, 'upload', ?, ?)"
                " ON CONFLICT (operation_id) DO UPDATE SET kind = 'upload'",
                (
                    str(operation.id),
                    _location_of(connection, operation),
                    str(operation.batch_id) if operation.batch_id else None,
                ),
            )
        return True

    @contextmanager
    def uploading(self, operation: UpgradeOperation) -> Iterator[None]:
        """Let others upload when the block ends; the turn to flash is kept."""
        try:
            yield
        finally:
            with self._writing() as connection:
                if not self._is_overtaken(operation):
                    connection.execute(
                        "UPDATE turn SET kind = 'reboot' WHERE operation_id = ?",
                        (str(operation.id),),
                    )
            self.freed.tell()

    def end(self, operation: UpgradeOperation) -> None:
        """Give the turn to others, unless the operation goes on with it."""
        if _goes_on(operation):
            return
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM turn WHERE operation_id = ?", (str(operation.id),)
            ).fetchone()
        if found is None:
            return
        with self._writing() as connection:
            self._free(connection, str(operation.id))
        self.freed.tell()

    def sweep(self, *, now: float) -> None:
        """Free the turns of operations that are over and that nobody visits.

        Whoever visited them was killed before it could give the turn back.
        """
        left = (
            "SELECT turn.operation_id FROM turn"
            " JOIN operation ON operation.id = turn.operation_id"
            " LEFT JOIN due ON due.operation_id = turn.operation_id"
            " WHERE coalesce(due.lease_until, 0) <= ?"
            " AND (operation.status <> 'in-progress' OR operation.cancellable = 1"
            " AND (operation.next_visit_at IS NULL"
            " OR operation.phase IN ('queued', 'waiting-to-retry')))"
        )
        with self._database.reading() as connection:
            if connection.execute(left, (now,)).fetchone() is None:
                return
        with self._writing() as connection:
            for (operation_id,) in connection.execute(left, (now,)).fetchall():
                self._free(connection, operation_id)
        self.freed.tell()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with self._one, self._database.writing() as connection:
            yield connection

    def _free(self, connection: Connection, operation_id: str) -> None:
        if not _goes_on(self._log.get(UpgradeOperation, UUID(operation_id))):
            connection.execute(
                "DELETE FROM turn WHERE operation_id = ?", (operation_id,)
            )

    def _is_overtaken(self, operation: UpgradeOperation) -> bool:
        newest = self._log.get(UpgradeOperation, operation.id)
        return newest.visit != operation.visit

    def _has_room(
        self,
        connection: Connection,
        operation: UpgradeOperation,
        of_batch: Bounds | None,
    ) -> bool:
        location_id = _location_of(connection, operation)
        in_all = _used(connection, operation, location_id, None)
        if not _fits(in_all, self._bounds):
            return False
        if of_batch is None or operation.batch_id is None:
            return True
        in_batch = _used(connection, operation, location_id, operation.batch_id)
        return _fits(in_batch, of_batch)


def _goes_on(operation: UpgradeOperation) -> bool:
    """Whether it may still need its turn."""
    return not operation.has_ended and (
        operation.has_begun_flash or operation.attempt_open
    )


def _location_of(connection: Connection, operation: UpgradeOperation) -> str | None:
    found = connection.execute(
        "SELECT location_id FROM device WHERE id = ?", (str(operation.device_id),)
    ).fetchone()
    return found[0] if found else None


def _used(
    connection: Connection,
    operation: UpgradeOperation,
    location_id: str | None,
    batch_id: UUID | None,
) -> tuple[int, int, int]:
    """Count the uploads, those at the location, and the reboots of all others."""
    said = {
        "id": str(operation.id),
        "location": location_id,
        "batch": str(batch_id) if batch_id else None,
    }
    uploads, at_location = connection.execute(
        "SELECT count(*), count(*) FILTER (WHERE location_id = :location) FROM turn"
        " WHERE kind = 'upload' AND operation_id <> :id"
        " AND (CAST(:batch AS TEXT) IS NULL OR batch_id = :batch)",
        said,
    ).fetchone()
    (reboots,) = connection.execute(
        f"SELECT count(*) FROM ({_TAKEN}) AS taken WHERE id <> :id"  # noqa: S608
        " AND (CAST(:batch AS TEXT) IS NULL OR batch_id = :batch)",
        said,
    ).fetchone()
    return uploads, at_location, reboots


def _fits(used: tuple[int, int, int], bounds: Bounds) -> bool:
    uploads, at_location, reboots = used
    return (
        uploads < bounds.uploads_max
        and at_location < bounds.uploads_per_location_max
        and reboots < bounds.reboots_max
    )
