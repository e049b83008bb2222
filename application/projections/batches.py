"""How far batches are: their operations counted by status, kept up as they change."""

from collections import Counter, defaultdict

from application.adapters.database import Connection
from application.projections.rows import Row
from application.projections.writing import stored, write
from domain.batch.words import status_of

_STATUSES = {
    "in-progress": "in_progress",
    "success": "success",
    "failed": "failed",
    "aborted": "aborted",
    "cancelled": "cancelled",
}


class BatchCounts:
    """What the operations of one stretch of the log change in the rows of batches."""

    def __init__(self) -> None:
        self._changes: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._modified: dict[str, str] = {}

    def touch(self, batch_id: str, modified: str) -> None:
        """Note that something of a batch is news."""
        self._modified[batch_id] = max(modified, self._modified.get(batch_id, ""))

    def count(self, batch_id: str, *, before: str | None, after: str) -> None:
        """Note the status of an operation; None: it is new."""
        if before is not None:
            self._changes[batch_id][before] -= 1
        self._changes[batch_id][after] += 1

    def write(self, connection: Connection) -> None:
        before = stored(connection, "batch", self._modified)
        # Of some there is no row: their operations are older than batches are.
        rows = [self._counted(row) for row in before.values()]
        write(connection, "batch", rows, before)

    def _counted(self, batch: Row) -> Row:
        changes = self._changes[batch["id"]]
        counts = {
            status: batch[column] + changes[status]
            for status, column in _STATUSES.items()
        }
        status = status_of(
            counts,
            is_filled=bool(batch["is_filled"]),
            is_cancelled=bool(batch["is_cancelled"]),
        )
        return {
            "id": batch["id"],
            "status": status,
            "modified": max(batch["modified"], self._modified[batch["id"]]),
        } | {column: counts[status] for status, column in _STATUSES.items()}
