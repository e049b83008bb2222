"""What a batch has to say of its operations: what may be lost, and what may begin."""

from collections.abc import Callable, Sequence

from application.log import EventLog
from domain.batch.batch import Batch
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status


def append(
    log: EventLog,
    operation: UpgradeOperation,
    device: Device | None,
    decide: Callable[[], None],
) -> None:
    """Decide and append, with device, and with the batch where it is concerned.

    A flash begins only while the batch has not gone on since it allowed it. A failure
    after the flash is counted with it: when the last one is in the log that a batch
    bears, it is held. Raises BatchHeldError, BatchCancelledError, IntegrityError.
    """
    had_begun, had_ended = operation.has_begun_flash, operation.has_ended
    decide()
    changed = [operation, device] if device else [operation]
    begins = operation.has_begun_flash and not had_begun
    fails = had_begun and not had_ended and operation.status is Status.FAILED
    batch = batch_of(log, operation) if begins or fails else None
    if batch is None:
        log.append(*changed)
    elif begins:
        batch.require_flash_allowed()
        log.append(*changed, unchanged=[batch])
    else:
        batch.count_failure(operation.id)
        log.append(*changed, batch)


def expendable_of(log: EventLog, operation: UpgradeOperation) -> Sequence[str]:
    """Return what may be lost: a batch says it once for all of its operations."""
    batch = batch_of(log, operation)
    return batch.plan.expendable_packages if batch else operation.expendable_packages


def batch_of(log: EventLog, operation: UpgradeOperation) -> Batch | None:
    return log.find(Batch, operation.batch_id) if operation.batch_id else None
