"""What a device runs or is to run."""

from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.projections.rows import moment
from application.projections.views import Views
from domain.base import rebuild
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
    return Firmware(
        firmware_id=device.firmware_id,
        image_id=device.image_id,
        installed=device.installed,
        modified=moment(story[-1].recorded_at),
    )


def is_of_organization(views: Views, device_id: UUID, slug: str) -> bool:
    """Whether the organization with this slug owns the device."""
    found = views.rows(
        "SELECT 1 FROM device JOIN organization"
        " ON organization.id = device.organization_id"
        " WHERE device.id = ? AND organization.slug = ?",
        [str(device_id), slug],
    )
    return bool(found)
