"""Rows of upgrade operations."""

from application.projections.rows.shown import Showing, Shown, as_json, moment, optional
from domain.operation.operation import UpgradeOperation


def _operation(operation: UpgradeOperation) -> Shown:
    next_visit_at = operation.next_visit_at
    row = {
        "device_id": str(operation.device_id),
        "image_id": str(operation.image_id),
        "batch_id": optional(operation.batch_id),
        "retry_of": optional(operation.retry_of),
        "options": as_json(operation.options),
        "status": operation.status,
        "phase": operation.phase,
        "progress": operation.progress,
        "attempt": operation.attempt,
        "cancellable": int(operation.is_cancellable),
        "owed": ",".join(sorted(operation.owed)),
        "given_up": ",".join(operation.given_up),
        "held": operation.held,
        "next_visit_at": moment(next_visit_at) if next_visit_at else None,
        "backup_id": optional(operation.backup_id),
        "version": operation.version,
    }
    return Shown(table="operation", row=row)


SHOWN: Showing = {UpgradeOperation: _operation}
