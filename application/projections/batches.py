"""How far batches are: their operations counted by status, kept up as they change."""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Mapping

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

    def write(self, connection: sqlite3.Connection) -> None:
        for batch_id, modified in self._modified.items():
            _write(connection, batch_id, modified, self._changes[batch_id])


def _write(
    connection: sqlite3.Connection,
    batch_id: str,
    modified: str,
    changes: Mapping[str, int],
) -> None:
    columns = ", ".join(_STATUSES.values())
    found = connection.execute(
        f"SELECT is_filled, is_cancelled, {columns} FROM batch"  # noqa: S608
        " WHERE id = ?",
        (batch_id,),
    ).fetchone()
    if found is None:  # its operations are older than batches are
        return
    is_filled, is_cancelled, *counted = found
    counts = {
        status: count + changes.get(status, 0)
        for status, count in zip(_STATUSES, counted, strict=True)
    }
    status = status_of(
        counts, is_filled=bool(is_filled), is_cancelled=bool(is_cancelled)
    )
    marks = ", ".join(f"{column} = ?" for column in _STATUSES.values())
    connection.execute(
        f"UPDATE batch SET status = ?, modified = max(modified, ?), {marks}"  # noqa: S608
        " WHERE id = ?",
        (status, modified, *counts.values(), batch_id),
    )
