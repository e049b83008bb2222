"""Start, cancel, retry, hold, resume, write off."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

from application.commands.beginning import begun
from application.commands.idempotency import NO_KEY, RequestKey
from application.commands.occupancy import occupant
from application.flashlog import Flashlog
from application.procedure import rollout
from domain.catalogue import Build, Category, FirmwareImage
from domain.device.device import Device
from domain.errors import InvalidError, RefusedError
from domain.operation.events import Started
from domain.operation.operation import UpgradeOperation
from domain.options import UpgradeOptions


def start_upgrade(
    flashlog: Flashlog,
    *,
    device_id: UUID,
    image_id: UUID,
    options: Any = None,
    expendable_packages: Sequence[str] = (),
    by: UUID | None = None,
    retry_of: UUID | None = None,
    key: RequestKey = NO_KEY,
) -> UUID:
    """Start an upgrade; returns the id of the operation.

    Where another operation of the device is not settled yet, the new one is recorded
    and aborted at once with that reason: the older survives. Raises NotFoundError,
    InvalidError, KeyUsedError, and RefusedError where nothing was recorded.
    """
    wanted = UpgradeOptions.parse(options)

    def start() -> tuple[UUID, int]:
        image = flashlog.log.get(FirmwareImage, image_id)
        device = flashlog.log.get(Device, device_id)
        device.require_active()
        _require_image_of(flashlog, device, image)
        if not device.enabled_connections:
            raise InvalidError.of(
                "__all__",
                f"The device {device.name} has no enabled connection: "
                "add credentials to it first.",
            )
        operation_id = uuid4()
        started = Started(
            device_id=device_id,
            image_id=image_id,
            options=wanted.as_mapping(),
            expendable_packages=tuple(expendable_packages),
            at=flashlog.clock.now(),
            retry_of=retry_of,
            by=by,
        )
        operation = begun(flashlog, device, operation_id, started)
        used = key.of(flashlog, operation_id)
        # Nobody deletes the image in the same moment.
        position = flashlog.log.append(operation, device, *used, unchanged=[image])
        return operation_id, position

    operation_id, position = flashlog.log.decide(start)
    flashlog.show(position)
    return operation_id


def _require_image_of(flashlog: Flashlog, device: Device, image: FirmwareImage) -> None:
    """Refuse an image of another organization, which the device may have left.

    Raises InvalidError on `image`.
    """
    build = flashlog.log.get(Build, image.build_id)
    category = flashlog.log.get(Category, build.category_id)
    if category.organization_id not in {None, device.organization_id}:
        msg = f"The image belongs to another organization than {device.name}."
        raise InvalidError.of("image", msg)


def cancel_operation(
    flashlog: Flashlog, *, operation_id: UUID, by: UUID | None = None
) -> None:
    """Cancel before the flash. Raises AlreadyEndedError, CancelTooLateError."""

    def cancel() -> int:
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        operation.cancel(at=flashlog.clock.now(), by=by)
        return flashlog.log.append(operation)

    flashlog.show(flashlog.log.decide(cancel))


def retry_operation(
    flashlog: Flashlog,
    *,
    operation_id: UUID,
    by: UUID | None = None,
    key: RequestKey = NO_KEY,
) -> UUID:
    """Start the same upgrade again as a new operation that names the old one."""
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    if not operation.has_ended:
        msg = f"the operation is still {operation.status}: there is nothing to retry"
        raise RefusedError(msg)
    return start_upgrade(
        flashlog,
        device_id=operation.device_id,
        image_id=operation.image_id,
        options=operation.options,
        expendable_packages=rollout.expendable_of(flashlog.log, operation),
        by=by,
        retry_of=operation_id,
        key=key,
    )


def resume_operation(
    flashlog: Flashlog, *, operation_id: UUID, by: UUID | None = None
) -> None:
    """Let a held operation go on by itself."""

    def resume() -> int:
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        operation.resume(at=flashlog.clock.now(), by=by)
        return flashlog.log.append(operation)

    flashlog.show(flashlog.log.decide(resume))


def release_device(
    flashlog: Flashlog, *, device_id: UUID, reason: str, by: UUID | None = None
) -> tuple[str, ...]:
    """Write off by hand what the device is still owed; returns what that was."""

    def write_off() -> tuple[tuple[str, ...], int]:
        device = flashlog.log.get(Device, device_id)
        operation = occupant(flashlog, device)
        if operation is None:
            msg = f"nothing is owed to {device.name}, it is free"
            raise RefusedError(msg)
        operation.give_up_obligations(reason=reason, by=by)
        return operation.given_up, flashlog.log.append(operation)

    given_up, position = flashlog.log.decide(write_off)
    flashlog.show(position)
    return given_up
