"""Which image a device is to run: saying so starts the upgrade to it."""

from typing import Any
from uuid import UUID

import msgspec

from application.commands.idempotency import NO_KEY, RequestKey
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.queries.operations import latest_operation_id
from domain.catalogue import Build, Category, FirmwareImage
from domain.device.device import Device
from domain.errors import InvalidError, NotFoundError, RefusedError
from domain.options import UpgradeOptions

_NOT_SELECTABLE = "Invalid pk - object does not exist."
_ANOTHER_BOARD = "Device model and image model do not match"


class DeactivatedError(RefusedError):
    """Firmware upgrades are not allowed for deactivated devices."""


class Assigned(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it; no operation where the image is installed already."""

    operation_id: UUID | None
    is_new: bool


def set_firmware(
    flashlog: Flashlog,
    *,
    device_id: UUID,
    image_id: UUID | None,
    options: Any = None,
    by: UUID | None = None,
    key: RequestKey = NO_KEY,
) -> Assigned:
    """Let a device run an image; None stands for the image that it has.

    An upgrade is started unless that image is installed already. Raises
    NotFoundError, DeactivatedError, InvalidError on `image`, `upgrade_options` or
    `__all__`.
    """
    device = upgradable_device(flashlog, device_id)
    wanted = UpgradeOptions.parse(options)
    is_new = device.image_id is None
    image_id = image_id or device.image_id
    if image_id is None:
        msg = f"the device {device.name} has no firmware yet: give it an image"
        raise NotFoundError(msg)
    _check_image(flashlog, device, image_id)
    if device.installed and device.image_id == image_id:
        latest = latest_operation_id(flashlog.views, device_id)
        return Assigned(operation_id=latest, is_new=False)
    operation_id = start_upgrade(
        flashlog,
        device_id=device_id,
        image_id=image_id,
        options=wanted.as_mapping(),
        by=by,
        key=key.answering(is_new=is_new),
    )
    return Assigned(operation_id=operation_id, is_new=is_new)


def upgradable_device(flashlog: Flashlog, device_id: UUID) -> Device:
    """Return a device that may be upgraded. Raises NotFoundError, DeactivatedError."""
    device = flashlog.log.get(Device, device_id)
    if not device.is_active:
        raise DeactivatedError(DeactivatedError.__doc__)
    return device


def _check_image(flashlog: Flashlog, device: Device, image_id: UUID) -> None:
    """Refuse what is not selectable for the device; the router is asked again later."""
    image = flashlog.log.find(FirmwareImage, image_id)
    if image is None:
        raise InvalidError.of("image", _NOT_SELECTABLE)
    category_id = flashlog.log.get(Build, image.build_id).category_id
    category = flashlog.log.get(Category, category_id)
    if category.organization_id not in {None, device.organization_id}:
        raise InvalidError.of("image", _NOT_SELECTABLE)
    if device.image_id and category_id != _category_id(flashlog, device.image_id):
        raise InvalidError.of("image", _NOT_SELECTABLE)
    board = device.learned.board if device.learned else ""
    if board and board not in image.facts.boards:
        raise InvalidError.of("__all__", _ANOTHER_BOARD)


def _category_id(flashlog: Flashlog, image_id: UUID) -> UUID:
    image = flashlog.log.get(FirmwareImage, image_id)
    return flashlog.log.get(Build, image.build_id).category_id
