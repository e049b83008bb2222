"""Rows of work that is due, as the log decides them."""

from collections.abc import Mapping, Sequence

from application.adapters.database import Connection
from application.projections.rows import Row
from application.projections.writing import delete, stored
from domain.batch.batch import Batch
from domain.operation.operation import UpgradeOperation

# Not begun, or between two attempts, and owing nothing: it can wait as it is.
_WAITS = (
    "SELECT id FROM operation WHERE batch_id = ? AND status = 'in-progress'"
    " AND cancellable = 1 AND phase IN ('queued', 'waiting-to-retry') AND owed = ''"
)
_SET = (
    "INSERT INTO due (operation_id, due_at, stage, batch_id, location_id)"
    " VALUES (?, ?, ?, ?, ?)"
    " ON CONFLICT (operation_id) DO UPDATE SET due_at = excluded.due_at,"
    " stage = excluded.stage, location_id = excluded.location_id"
)
_COLUMNS = "operation_id, due_at, stage, batch_id, location_id"


def set_due(connection: Connection, operations: Sequence[UpgradeOperation]) -> None:
    """Let operations be due when they say so, or not at all."""
    before = stored(
        connection, "due", [str(each.id) for each in operations], columns=_COLUMNS
    )
    is_over = [str(each.id) for each in operations if each.next_visit_at is None]
    delete(connection, "due", before.keys() & is_over, key="operation_id")
    waiting = [each for each in operations if each.next_visit_at is not None]
    rows = [row for row in _rows(connection, waiting) if row != _was(before, row)]
    if rows:
        # In the order of the log: of those that wait equally long, the first is first.
        connection.executemany(_SET, [tuple(row.values()) for row in rows])


def park(connection: Connection, batch: Batch) -> None:
    """Let the operations of a held batch wait, and those of another one go on."""
    connection.execute(
        f"UPDATE due SET stage = 'parked' WHERE operation_id IN ({_WAITS})"  # noqa: S608
        " AND stage = 'queued'"
        if batch.held
        else "UPDATE due SET stage = 'queued' WHERE batch_id = ? AND stage = 'parked'",
        (str(batch.id),),
    )


def _was(before: Mapping[str, Row], row: Row) -> Row | None:
    return before.get(row["operation_id"])


def _rows(connection: Connection, waiting: Sequence[UpgradeOperation]) -> list[Row]:
    at = stored(
        connection,
        "device",
        {str(each.device_id) for each in waiting},
        columns="id, location_id",
    )
    held = stored(
        connection,
        "batch",
        {str(each.batch_id) for each in waiting if _can_be_parked(each)},
        columns="id, held",
    )
    return [
        {
            "operation_id": str(each.id),
            "due_at": each.next_visit_at.timestamp(),
            "stage": _stage(each, held),
            "batch_id": str(each.batch_id) if each.batch_id else None,
            "location_id": at.get(str(each.device_id), {}).get("location_id"),
        }
        for each in waiting
        if each.next_visit_at
    ]


def _stage(operation: UpgradeOperation, held: Mapping[str, Row]) -> str:
    if not operation.is_cancellable:
        return "urgent"
    if not _can_be_parked(operation):
        return "queued"
    batch = held.get(str(operation.batch_id))
    return "parked" if batch and batch["held"] else "queued"


def _can_be_parked(operation: UpgradeOperation) -> bool:
    return (
        operation.is_cancellable
        and not operation.attempt_open
        and not operation.owed
        and operation.batch_id is not None
    )
