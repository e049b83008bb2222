"""After a restore nothing goes on by itself: the routers went on without this log."""

from uuid import UUID

from application.errors import RefusedError
from application.flashlog import Flashlog
from domain.batch.batch import Batch
from domain.operation.operation import UpgradeOperation

_HELD_AT_ONCE = 200


def hold_restored(flashlog: Flashlog, *, by: UUID | None = None) -> tuple[UUID, ...]:
    """Hold everything after the database was restored by its own means.

    Returns the operations that wait for a person. Raises RefusedError while anybody
    visits routers.
    """
    if flashlog.is_worked():
        msg = "routers are visited just now: stop every service and runner first"
        raise RefusedError(msg)
    flashlog.log.recorder.reopen()
    return hold_all(flashlog, "in its database", by)


def hold_all(flashlog: Flashlog, whence: str, by: UUID | None) -> tuple[UUID, ...]:
    """Hold what is not settled, before anybody can take it up."""
    reason = (
        f"the log was restored {whence}: look at the router, then resume or cancel the "
        "operation"
    )
    flashlog.projector.catch_up()
    rows = flashlog.views.rows(
        "SELECT id FROM operation WHERE status = 'in-progress' OR owed != ''"
        " ORDER BY position"
    )
    operations = [flashlog.log.get(UpgradeOperation, UUID(row["id"])) for row in rows]
    for operation in operations:
        operation.hold(reason, by=by)
    held = [*operations, *_held_batches(flashlog, reason, by)]
    for start in range(0, len(held), _HELD_AT_ONCE):
        flashlog.log.append(*held[start : start + _HELD_AT_ONCE])
    flashlog.projector.catch_up()
    return tuple(operation.id for operation in operations)


def _held_batches(flashlog: Flashlog, reason: str, by: UUID | None) -> list[Batch]:
    """Hold the batches that go on; what they still make waits for a person, too."""
    rows = flashlog.views.rows(
        "SELECT id FROM batch WHERE status IN ('idle', 'in-progress')"
        " AND held = '' AND is_cancelled = 0"
    )
    batches = [flashlog.log.get(Batch, UUID(row["id"])) for row in rows]
    for batch in batches:
        batch.hold(reason, by=by)
    return batches
