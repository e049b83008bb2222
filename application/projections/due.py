"""Work that is due, claimed with a lease.

The log is the referee of who may act; this table only has to be live: a claim whose
lease runs out is taken over, a lost row is found again by a rebuild.
"""

from collections.abc import Sequence
from uuid import UUID

from application.adapters.sqlite.connections import Connections


class DueWork:
    """The queue that runners take their work from; times in seconds since 1970."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def claim(
        self, runner: str, *, now: float, lease_seconds: float, limit: int
    ) -> list[UUID]:
        """Take up to `limit` operations that are due and that nobody holds."""
        if not self._is_any(now):
            return []
        with self._connections.writing() as connection:
            rows = connection.execute(
                "UPDATE due SET runner = ?, lease_until = ? WHERE operation_id IN ("
                " SELECT operation_id FROM due WHERE due_at <= ? AND lease_until <= ?"
                " ORDER BY due_at LIMIT ?) RETURNING operation_id",
                (runner, now + lease_seconds, now, now, limit),
            ).fetchall()
        return [UUID(operation_id) for (operation_id,) in rows]

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
        with self._connections.writing() as connection:
            connection.executemany(
                "UPDATE due SET lease_until = ? WHERE runner = ? AND lease_until > ?"
                " AND operation_id = ?",
                [
                    (now + lease_seconds, runner, now, str(operation_id))
                    for operation_id in operation_ids
                ],
            )

    def put(self, operation_id: UUID, due_at: float) -> None:
        """Let an operation be due at this time."""
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT INTO due (operation_id, due_at) VALUES (?, ?)"
                " ON CONFLICT (operation_id) DO UPDATE SET due_at = excluded.due_at",
                (str(operation_id), due_at),
            )

    def release(self, runner: str, operation_id: UUID, *, due_at: float | None) -> None:
        """Give an operation back, due again at its time; None: nothing is left."""
        with self._connections.writing() as connection:
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
        with self._connections.writing() as connection:
            connection.execute(
                "UPDATE due SET runner = '', lease_until = 0 WHERE runner = ?",
                (runner,),
            )

    def release_everything(self) -> None:
        """Free all work; only for a runner that comes where no other one is."""
        with self._connections.writing() as connection:
            connection.execute("UPDATE due SET runner = '', lease_until = 0")

    def _is_any(self, now: float) -> bool:
        with self._connections.reading() as connection:
            return (
                connection.execute(
                    "SELECT 1 FROM due WHERE due_at <= ? AND lease_until <= ? LIMIT 1",
                    (now, now),
                ).fetchone()
                is not None
            )
