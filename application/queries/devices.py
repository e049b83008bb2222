"""What a device runs or is to run."""

from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.projections.rows import moment
from application.projections.views import Views
from domain.base import rebuild
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.errors import NotFoundError


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


def select_devices(
    views: Views, *, group: str | None = None, location: str | None = None
) -> list[UUID]:
    """Return the active devices of a group and at a location, each by name or id.

    None: of any. Raises NotFoundError for a group or location that there is not.
    """
    ids = {
        "group_id": _ids(views, "device_group", group),
        "location_id": _ids(views, "location", location),
    }
    asked = {column: found for column, found in ids.items() if found is not None}
    among = " IN (SELECT value FROM json_each(?))"
    where = " AND ".join(["is_active = 1", *(column + among for column in asked)])
    rows = views.rows(
        f"SELECT id FROM device WHERE {where} ORDER BY name",  # noqa: S608
        [msgspec.json.encode(found).decode() for found in asked.values()],
    )
    return [UUID(row["id"]) for row in rows]


def _ids(views: Views, table: str, text: str | None) -> list[str] | None:
    if text is None:
        return None
    rows = views.rows(
        f"SELECT id FROM {table} WHERE id = ?1 OR name = ?2",  # noqa: S608
        [text.lower(), text],
    )
    if not rows:
        msg = f"there is no {table.removeprefix('device_')} {text!r}"
        raise NotFoundError(msg)
    return [row["id"] for row in rows]
