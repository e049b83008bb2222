"""The operations of a batch, made in the background, each exactly once.

How far a batch is filled is saved in the same append as the operations: whoever goes
on after a crash goes on behind the last one. A batch that is cancelled in the same
moment gets no further operation.
"""

import logging
from collections.abc import Collection, Mapping, Sequence
from threading import Event as Signal
from uuid import UUID

import msgspec

from application.commands.beginning import begun
from application.errors import DomainError, StorageError
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.batch.batch import Batch, BatchTargets
from domain.batch.words import Target, operation_id_of
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.operation.events import Started
from domain.operation.operation import UpgradeOperation

# So many operations are one append: few enough that others can append meanwhile.
_GROUP = 100

_log = logging.getLogger(__name__)


class _Known(msgspec.Struct, frozen=True):
    """What there is of a group of targets, asked for all of them at once.

    Visits take turns with this in one process: each question would wait for its turn.
    `settled` are last operations of these devices that have them no more.
    """

    devices: Mapping[UUID, Device]
    image_ids: Collection[UUID]
    settled: Collection[UUID]


def fill(flashlog: Flashlog, batch_id: UUID, stop: Signal) -> None:
    """Make the operations that a batch still lacks; safe to run again at any time."""
    batch = flashlog.log.get(Batch, batch_id)
    targets = flashlog.log.get(BatchTargets, batch.targets_id).targets

    def go_on() -> bool:
        batch = flashlog.log.get(Batch, batch_id)
        if not batch.is_filling:
            return False
        group = targets[batch.filled : batch.filled + _GROUP]
        known = _known(flashlog, group)
        saved = [
            each for target in group for each in _begun(flashlog, batch, target, known)
        ]
        batch.note_filled(len(group))
        flashlog.log.append(batch, *saved)
        return batch.is_filling

    while not stop.is_set() and flashlog.log.decide(go_on):
        pass


def _known(flashlog: Flashlog, group: Sequence[Target]) -> _Known:
    image_ids = list({target.image_id for target in group})
    return _Known(
        flashlog.log.get_all(Device, [target.device_id for target in group]),
        flashlog.log.get_all(FirmwareImage, image_ids).keys(),
        _settled(flashlog, group),
    )


def _begun(
    flashlog: Flashlog, batch: Batch, target: Target, known: _Known
) -> Sequence[Aggregate]:
    """Return the operation and, where it has it now, its device."""
    try:
        device = _device(batch, target, known)
        operation_id = operation_id_of(batch.id, device.id)
        started = _started(flashlog, batch, target)
        is_free = device.operation_id is None or device.operation_id in known.settled
        operation = begun(flashlog, device, operation_id, started, is_free=is_free)
    except StorageError:
        raise
    except DomainError as error:
        return [_aborted(flashlog, batch, target, str(error))]
    except Exception as error:  # noqa: BLE001
        # One device must not keep the others waiting.
        _log.exception("action=not_filled device=%s", target.device_id)
        return [_aborted(flashlog, batch, target, f"internal error: {error}")]
    return [operation, device]


def _device(batch: Batch, target: Target, known: _Known) -> Device:
    """Refuse what has changed since the batch was started. Raises DomainError."""
    device = known.devices.get(target.device_id)
    if device is None:
        msg = f"there is no device {target.device_id}"
        raise DomainError(msg)
    if batch.plan.organization_id not in {None, device.organization_id}:
        msg = f"the device {device.name} belongs to another organization by now"
        raise DomainError(msg)
    device.require_active()
    if target.image_id not in known.image_ids:
        msg = f"there is no image {target.image_id}"
        raise DomainError(msg)
    if not device.enabled_connections:
        msg = f"the device {device.name} has no enabled connection"
        raise DomainError(msg)
    return device


def _aborted(
    flashlog: Flashlog, batch: Batch, target: Target, reason: str
) -> UpgradeOperation:
    operation_id = operation_id_of(batch.id, target.device_id)
    operation = UpgradeOperation.start(operation_id, _started(flashlog, batch, target))
    operation.abort(reason)
    return operation


def _started(flashlog: Flashlog, batch: Batch, target: Target) -> Started:
    return Started(
        device_id=target.device_id,
        image_id=target.image_id,
        at=flashlog.clock.now(),
        options=batch.plan.options,
        batch_id=batch.id,
        by=batch.started_by,
    )


def _settled(flashlog: Flashlog, group: Sequence[Target]) -> set[UUID]:
    """Return last operations of these devices that have them no more.

    The read models may be late, but what has ended and owes nothing stays so.
    """
    ids = msgspec.json.encode([target.device_id for target in group]).decode()
    rows = flashlog.views.rows(
        "SELECT last.id FROM json_each(?) AS wanted"
        " JOIN device ON device.id = wanted.value"
        " JOIN operation AS last ON last.id = device.operation_id"
        " WHERE last.status <> 'in-progress' AND last.owed = ''",
        [ids],
    )
    return {UUID(row["id"]) for row in rows}
