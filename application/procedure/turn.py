"""Wait for the turn to upload and to flash, and step back where it does not come."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from time import monotonic
from uuid import UUID

from application.errors import RefusedError
from application.procedure.rollout import batch_of
from application.procedure.settle import settlement
from application.procedure.visit import Visit
from application.projections.turns import Bounds
from application.router.router import Router
from domain.batch.batch import Batch, BatchCancelledError, BatchHeldError
from domain.operation.operation import UpgradeOperation

# What another process gives back, nobody tells here.
_LOOK_SECONDS = 0.1


class NoTurnError(RefusedError):
    """Others upload or reboot just now."""


@contextmanager
def turn(visit: Visit) -> Iterator[None]:
    """Have the turn: to upload until the block ends, to flash until all is over.

    Cancel still works while it is waited for. Raises NoTurnError, BatchHeldError,
    BatchCancelledError.
    """
    bounds = _bounds(visit.require_flash_allowed())
    turns = visit.flashlog.turns
    deadline = monotonic() + visit.settings.turn_wait_seconds
    while True:
        freed = turns.freed.count
        if turns.take(visit.operation, of_batch=bounds):
            break
        if monotonic() > deadline:
            msg = "others have the turn to upload or to reboot"
            raise NoTurnError(msg)
        visit.check()
        turns.freed.wait(freed, _LOOK_SECONDS)
    with turns.uploading(visit.operation):
        # Somebody may have held the batch while this one waited.
        visit.require_flash_allowed()
        yield


def refusal_of(visit: Visit) -> RefusedError | None:
    """Say why the batch begins no flash; None where it may."""
    try:
        visit.require_flash_allowed()
    except (BatchHeldError, BatchCancelledError) as refusal:
        return refusal
    return None


def has_begun_nothing(visit: Visit) -> bool:
    """Whether nobody is under way and the router is owed nothing."""
    return not (visit.operation.attempt_open or visit.operation.owed)


def step_back(visit: Visit, router: Router | None, refusal: RefusedError) -> None:
    """Leave the router as it was; go on when it is our turn, or end with the batch."""
    settle, _, _ = settlement(visit, router)

    def decide(operation: UpgradeOperation) -> None:
        if settle is not None:
            settle(operation)
        now = visit.now()
        if isinstance(refusal, BatchCancelledError):
            operation.cancel(at=now, by=_who_cancelled(visit))
            return
        wait = visit.settings.settle_backoff_seconds if operation.owed else 0.0
        operation.postpone(cause=str(refusal), not_before=now + timedelta(seconds=wait))

    visit.conclude(decide)


def _bounds(batch: Batch | None) -> Bounds | None:
    if batch is None:
        return None
    limits = batch.plan.limits
    return Bounds(
        uploads_max=limits.uploads_max,
        uploads_per_location_max=limits.uploads_per_location_max,
        reboots_max=limits.reboots_max,
    )


def _who_cancelled(visit: Visit) -> UUID | None:
    batch = batch_of(visit.flashlog.log, visit.operation)
    return batch.cancelled_by if batch else None
