"""Work that is due, claimed with a lease.

The log is the referee of who may act; this table only has to be live: a claim whose
lease runs out is taken over, a lost row is found again by a rebuild.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from application.adapters.database import Database
from application.projections.dues import set_due
from application.projections.queue import queued
from application.projections.turns import Bounds
from application.projections.writing import as_list
from domain.operation.operation import UpgradeOperation

# Several runners look at the same time: what one of them is taking, another leaves.
_LOOK_FURTHER = 4
_FREE = "due_at <= :now AND lease_until <= :now"


class DueWork:
    """The queue that runners take their work from; times in seconds since 1970.

    Nobody waits here with one row for another: so runners and the projector, who write
    the same rows, never wait for each other in a circle.
    """

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
                f"SELECT operation_id FROM due WHERE stage = 'urgent' AND {_FREE}"  # noqa: S608
                " UNION ALL SELECT operation_id FROM due WHERE stage <> 'urgent'"
                f" AND operation_id IN (SELECT operation_id FROM turn) AND {_FREE}"
                " LIMIT :limit",
                {"now": now, "limit": _LOOK_FURTHER * limit},
            ).fetchall()
        return self._take(
            runner, found, now=now, lease_seconds=lease_seconds, limit=limit
        )

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
        return self._take(
            runner, found, now=now, lease_seconds=lease_seconds, limit=limit
        )

    def _take(
        self,
        runner: str,
        found: Sequence[tuple[str]],
        *,
        now: float,
        lease_seconds: float,
        limit: int,
    ) -> list[UUID]:
        if not found or limit <= 0:
            return []
        said = {
            "runner": runner,
            "now": now,
            "until": now + lease_seconds,
            "found": as_list(operation_id for (operation_id,) in found),
            "limit": limit,
        }
        with self._database.writing(alone=False) as connection:
            taken = connection.execute(
                "WITH taken AS MATERIALIZED (SELECT operation_id FROM due"  # noqa: S608
                " WHERE operation_id IN (SELECT value FROM json_each(:found))"
                f" AND {_FREE} ORDER BY due_at LIMIT :limit"
                f"{self._database.skip_locked})"
                " UPDATE due SET runner = :runner, lease_until = :until,"
                " claimed_at = :now"
                " WHERE operation_id IN (SELECT operation_id FROM taken)"
                " RETURNING operation_id",
                said,
            ).fetchall()
        # In the order in which they were found.
        return [UUID(each) for (each,) in found if (each,) in set(taken)]

    def extend(
        self,
        runner: str,
        operation_ids: Sequence[UUID],
        *,
        now: float,
        lease_seconds: float,
    ) -> None:
        """Keep these of what this runner holds; the other leases run out.

        What is just being written is kept the next time.
        """
        if not operation_ids:
            return
        with self._database.writing(alone=False) as connection:
            connection.execute(
                "WITH held AS MATERIALIZED (SELECT operation_id FROM due"  # noqa: S608
                " WHERE operation_id IN (SELECT value FROM json_each(:ids))"
                " AND runner = :runner AND lease_until > :now"
                f"{self._database.skip_locked})"
                " UPDATE due SET lease_until = :until"
                " WHERE operation_id IN (SELECT operation_id FROM held)",
                {
                    "ids": as_list(map(str, operation_ids)),
                    "runner": runner,
                    "now": now,
                    "until": now + lease_seconds,
                },
            )

    def put(self, operation: UpgradeOperation) -> None:
        """Let an operation be due when it says so."""
        with self._database.writing(alone=False) as connection:
            set_due(connection, [operation])

    def release(self, runner: str, operation_id: UUID, *, due_at: float | None) -> None:
        """Give an operation back, due again at its time; None: nothing is left."""
        with self._database.writing(alone=False) as connection:
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
        self._free("runner = ?", (runner,))

    def release_everything(self) -> None:
        """Free all work; only for a runner that comes where no other one is."""
        self._free("lease_until > ?", (0,))

    def _free(self, condition: str, values: Sequence[Any]) -> None:
        with self._database.reading() as connection:
            held = connection.execute(
                f"SELECT operation_id FROM due WHERE {condition}",  # noqa: S608
                values,
            ).fetchall()
        for operation_id in held:
            with self._database.writing(alone=False) as connection:
                connection.execute(
                    "UPDATE due SET runner = '', lease_until = 0"  # noqa: S608
                    f" WHERE operation_id = ? AND {condition}",
                    (*operation_id, *values),
                )
