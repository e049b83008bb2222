"""What a device runs or is to run."""

from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.projections.rows import moment
from domain.base import rebuild
from domain.catalogue import FirmwareImage
from domain.device.device import Device


class Firmware(msgspec.Struct, frozen=True, kw_only=True):
    """The image of a device; `modified` as the read models write moments."""

    firmware_id: UUID
    image_id: UUID
    installed: bool
    modified: str


def firmware_of(flashlog: Flashlog, device_id: UUID) -> Firmware | None:
    """Return the firmware of a device as its story is now; None if it has none."""
    story = flashlog.log.story(device_id)
    device = rebuild(None, (entry.event for entry in story))
    if not isinstance(device, Device) or not device.firmware_id or not device.image_id:
        return None
    if flashlog.log.find(FirmwareImage, device.image_id) is None:
        # The image was deleted, and the record with it.
        return None
    return Firmware(
        firmware_id=device.firmware_id,
        image_id=device.image_id,
        installed=device.installed,
        modified=moment(story[-1].recorded_at),
    )
