"""Which image a device is to run: saying so starts the upgrade to it."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec

from application.commands.connections import OPENWISP_1
from application.commands.idempotency import NO_KEY, RequestKey, Used
from application.commands.occupancy import require_unoccupied
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.queries.matching import is_known_kind, known_of
from application.queries.operations import latest_operation_id
from domain.catalogue import Build, Category, FirmwareImage
from domain.compatibility import Names, fits
from domain.device.device import Device
from domain.errors import InvalidError, NotFoundError, RefusedError
from domain.options import UpgradeOptions

_NOT_SELECTABLE = "Invalid pk - object does not exist."
_ANOTHER_BOARD = "Device model and image model do not match"
_NOTHING_KNOWN = (
    "nothing is known of the device yet. Give its model, or let "
    "`flashlog device check` find out what it is."
)


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
    expendable_packages: Sequence[str] = (),
    by: UUID | None = None,
    key: RequestKey = NO_KEY,
) -> Assigned:
    """Let a device run an image; None stands for the image that it has.

    An upgrade is started unless that image is installed already. Raises
    NotFoundError, DeactivatedError, KeyUsedError, InvalidError on `image`,
    `upgrade_options` or `__all__`.
    """
    device = upgradable_device(flashlog, device_id)
    wanted = UpgradeOptions.parse(options)
    before = _image(flashlog, device.image_id)
    if image_id is None and before is None:
        msg = f"the device {device.name} has no firmware yet: give it an image"
        raise NotFoundError(msg)
    image = _image(flashlog, image_id) if image_id else before
    if image is None:
        raise InvalidError.of("image", _NOT_SELECTABLE)
    _check_image(flashlog, device, image, before)
    if before and device.installed and before.id == image.id:
        return _left_alone(flashlog, device_id, key)
    _check_options(device, wanted)
    operation_id = start_upgrade(
        flashlog,
        device_id=device_id,
        image_id=image.id,
        options=wanted.as_mapping(),
        expendable_packages=expendable_packages,
        by=by,
        key=key.answering(is_new=before is None),
    )
    return Assigned(operation_id=operation_id, is_new=before is None)


def assigned_before(used: Used, device_id: UUID) -> Assigned:
    """Return what came of `set_firmware` when its key was used."""
    started = used.owner_id if used.owner_id != device_id else None
    return Assigned(operation_id=started, is_new=used.is_new)


def remove_firmware(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> None:
    """Forget which image a device is to run; what happened stays.

    Raises NotFoundError, DeactivatedError, OccupiedError.
    """

    def remove() -> int:
        device = upgradable_device(flashlog, device_id)
        require_unoccupied(flashlog, device)
        device.remove_firmware(by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(remove))


def upgradable_device(flashlog: Flashlog, device_id: UUID) -> Device:
    """Return a device that may be upgraded. Raises NotFoundError, DeactivatedError."""
    device = flashlog.log.get(Device, device_id)
    if not device.is_active:
        raise DeactivatedError(DeactivatedError.__doc__)
    return device


def _left_alone(flashlog: Flashlog, device_id: UUID, key: RequestKey) -> Assigned:
    """Start nothing; sent again later, when there is something to do, it does not."""
    latest = latest_operation_id(flashlog.views, device_id)

    def note() -> None:
        used = key.answering(is_new=False).of(flashlog, latest or device_id)
        if used:
            flashlog.log.append(*used)

    flashlog.log.decide(note)
    return Assigned(operation_id=latest, is_new=False)


def _image(flashlog: Flashlog, image_id: UUID | None) -> FirmwareImage | None:
    """Return an image; one that was deleted is none."""
    return flashlog.log.find(FirmwareImage, image_id) if image_id else None


def _check_image(
    flashlog: Flashlog,
    device: Device,
    image: FirmwareImage,
    before: FirmwareImage | None,
) -> None:
    """Refuse what is not selectable for the device; the router is asked again later."""
    category = _category(flashlog, image)
    is_own = category.organization_id in {None, device.organization_id}
    if not is_own or (before and _category(flashlog, before).id != category.id):
        raise InvalidError.of("image", _NOT_SELECTABLE)
    known = known_of(device)
    names = Names(boards=image.facts.boards, models=image.facts.models)
    if fits(names, known):
        return
    # There are images for this kind of router, but this is none of them.
    if is_known_kind(flashlog, known):
        raise InvalidError.of("image", _NOT_SELECTABLE)
    if not known.names:
        raise InvalidError.of("__all__", f"{_ANOTHER_BOARD}: {_NOTHING_KNOWN}")
    raise InvalidError.of("__all__", _ANOTHER_BOARD)


def _check_options(device: Device, wanted: UpgradeOptions) -> None:
    strategies = {each.update_strategy for each in device.enabled_connections}
    if strategies == {OPENWISP_1} and wanted.as_mapping():
        raise InvalidError.of(
            "upgrade_options",
            "The update strategy of the device's connections takes no options.",
        )


def _category(flashlog: Flashlog, image: FirmwareImage) -> Category:
    build = flashlog.log.get(Build, image.build_id)
    return flashlog.log.get(Category, build.category_id)
