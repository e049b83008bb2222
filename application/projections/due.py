"""Work that is due, claimed with a lease.

The log is the referee of who may act; this table only has to be live: a claim whose
lease runs out is taken over, a lost row is found again by a rebuild.
"""

from collections.abc import Sequence
from uuid import UUID

from application.adapters.database import Database
from application.projections.dues import set_due
from application.projections.queue import queued
from application.projections.turns import Bounds
from domain.operation.operation import UpgradeOperation


class DueWork:
    """The queue that runners take their work from; times in seconds since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def claim(
        self, runner: str, *, now: float, lease_seconds: float, limit: int
    ) -> list[UUID]:
        """Take up to `limit` operations that are urgent and that nobody holds.

        Urgent is what was flashed, what is owed something, and what a turn is kept
        for.
        """
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT operation_id FROM due WHERE stage = 'urgent'"
                " AND due_at <= ?1 AND lease_until <= ?1"
                " UNION ALL SELECT operation_id FROM turn JOIN due USING (operation_id)"
                " WHERE stage <> 'urgent' AND due_at <= ?1 AND lease_until <= ?1"
                " LIMIT ?2",
                (now, limit),
            ).fetchall()
        return self._take(runner, found, now=now, lease_seconds=lease_seconds)

    def claim_queued(
        self,
        runner: str,
        *,
        now: float,
        lease_seconds: float,
        limit: int,
        bounds: Bounds,
    ) -> list[UUID]:
        """Take operations that are to upload, as far as turns are to be had."""
        with self._database.reading() as connection:
            found = queued(connection, now=now, limit=limit, bounds=bounds)
        return self._take(runner, found, now=now, lease_seconds=lease_seconds)

    def _take(
        self,
        runner: str,
        found: Sequence[tuple[str]],
        *,
        now: float,
        lease_seconds: float,
    ) -> list[UUID]:
        if not found:
            return []
        with self._database.writing() as connection:
            return [
                UUID(operation_id)
                for (operation_id,) in found
                if connection.execute(
                    "UPDATE due SET runner = ?, lease_until = ?, claimed_at = ?"
                    " WHERE operation_id = ? AND due_at <= ? AND lease_until <= ?",
                    (runner, now + lease_seconds, now, operation_id, now, now),
                ).rowcount
            ]

    def extend(
        self,
        runner: str,
        operation_ids: Sequence[UUID],
        *,
        now: float,
        lease_seconds: float,
    ) -> None:
        """Keep these of what this runner holds; the other leases run out."""
        if not operation_ids:
            return
        with self._database.writing() as connection:
            connection.executemany(
                "UPDATE due SET lease_until = ? WHERE runner = ? AND lease_until > ?"
                " AND operation_id = ?",
                [
                    (now + lease_seconds, runner, now, str(operation_id))
                    for operation_id in operation_ids
                ],
            )

    def put(self, operation: UpgradeOperation) -> None:
        """Let an operation be due when it says so."""
        with self._database.writing() as connection:
            set_due(connection, [operation])

    def release(self, runner: str, operation_id: UUID, *, due_at: float | None) -> None:
        """Give an operation back, due again at its time; None: nothing is left."""
        with self._database.writing() as connection:
            if due_at is None:
                connection.execute(
                    "DELETE FROM due WHERE operation_id = ? AND runner = ?",
                    (str(operation_id), runner),
                )
                return
            connection.execute(
                "UPDATE due SET runner = '', lease_until = 0, due_at = ?"
                " WHERE operation_id = ? AND runner = ?",
                (due_at, str(operation_id), runner),
            )

    def release_all(self, runner: str) -> None:
        """Hand everything over, at a graceful stop."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE due SET runner = '', lease_until = 0 WHERE runner = ?",
                (runner,),
            )

    def release_everything(self) -> None:
        """Free all work; only for a runner that comes where no other one is."""
        with self._database.writing() as connection:
            connection.execute("UPDATE due SET runner = '', lease_until = 0")
