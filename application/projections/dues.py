"""Rows of work that is due, as the log decides them."""

import sqlite3

from domain.batch.batch import Batch
from domain.operation.operation import UpgradeOperation

# Not begun, or between two attempts, and owing nothing: it can wait as it is.
_WAITS = (
    "SELECT id FROM operation WHERE batch_id = :batch AND status = 'in-progress'"
    " AND cancellable AND phase IN ('queued', 'waiting-to-retry') AND owed = ''"
)


def set_due(connection: sqlite3.Connection, operation: UpgradeOperation) -> None:
    """Let an operation be due when it says so, or not at all."""
    operation_id = str(operation.id)
    if operation.next_visit_at is None:
        connection.execute("DELETE FROM due WHERE operation_id = ?", (operation_id,))
        return
    connection.execute(
        "INSERT INTO due (operation_id, due_at, stage, batch_id, location_id)"
        " VALUES (?, ?, ?, ?, (SELECT location_id FROM device WHERE id = ?))"
        " ON CONFLICT (operation_id) DO UPDATE SET due_at = excluded.due_at,"
        " stage = excluded.stage, location_id = excluded.location_id",
        (
            operation_id,
            operation.next_visit_at.timestamp(),
            _stage(connection, operation),
            str(operation.batch_id) if operation.batch_id else None,
            str(operation.device_id),
        ),
    )


def park(connection: sqlite3.Connection, batch: Batch) -> None:
    """Let the operations of a held batch wait, and those of another one go on."""
    said = {"batch": str(batch.id)}
    connection.execute(
        f"UPDATE due SET stage = 'parked' WHERE operation_id IN ({_WAITS})"  # noqa: S608
        " AND stage = 'queued'"
        if batch.held
        else "UPDATE due SET stage = 'queued'"
        " WHERE batch_id = :batch AND stage = 'parked'",
        said,
    )


def _stage(connection: sqlite3.Connection, operation: UpgradeOperation) -> str:
    if not operation.is_cancellable:
        return "urgent"
    if operation.attempt_open or operation.owed or operation.batch_id is None:
        return "queued"
    held = connection.execute(
        "SELECT 1 FROM batch WHERE id = ? AND held <> ''",
        (str(operation.batch_id),),
    ).fetchone()
    return "parked" if held else "queued"
