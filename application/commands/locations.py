"""Locations, and which devices are there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from application.commands.located import location_of, owners_of
from application.commands.many_devices import change_all
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.errors import InvalidError
from domain.location import INDOOR, OUTDOOR, Location, Place

__all__ = [
    "KINDS",
    "Place",
    "change_location",
    "create_location",
    "delete_location",
    "locate_device",
]

KINDS = (OUTDOOR, INDOOR)


def create_location(
    flashlog: Flashlog,
    place: Place,
    *,
    location_id: UUID | None = None,
    by: UUID | None = None,
) -> UUID:
    """Make a location. Raises InvalidError."""
    location_id = location_id or uuid4()

    def create() -> int:
        if flashlog.log.recorder.version_of(location_id):
            raise InvalidError.of("id", "Something has this id already.")
        owners = owners_of(flashlog, place.organization_id)
        location = Location.create(location_id, place, by=by)
        return flashlog.log.append(location, unchanged=owners)

    flashlog.show(flashlog.log.decide(create))
    return location_id


def change_location(
    flashlog: Flashlog,
    location_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
) -> None:
    """Change what `changes` names, as in `Place`.

    Raises InvalidError, NotFoundError.
    """

    def change() -> int:
        location = flashlog.log.get(Location, location_id)
        place = structs.replace(location.place, **changes)
        if location.organization_id != place.organization_id:
            _require_empty(flashlog, location_id)
        owners = owners_of(flashlog, place.organization_id)
        location.change(place, by=by)
        return flashlog.log.append(location, unchanged=owners)

    flashlog.show(flashlog.log.decide(change))


def delete_location(
    flashlog: Flashlog, location_id: UUID, *, by: UUID | None = None
) -> None:
    """Delete a location; its devices go on without one. Raises NotFoundError."""

    def delete() -> int:
        location = flashlog.log.get(Location, location_id)
        location.delete(by=by)
        return flashlog.log.append(location)

    def leave(device: Device) -> None:
        if device.location_id == location_id:
            said = structs.replace(device.description, location_id=None)
            device.change(said, by=by)

    # No device can come in once it is deleted.
    flashlog.show(flashlog.log.decide(delete))
    rows = flashlog.views.all("device", {"location_id": str(location_id)})
    change_all(flashlog, [UUID(row["id"]) for row in rows], leave)


def locate_device(
    flashlog: Flashlog,
    device_id: UUID,
    location_id: UUID | None,
    *,
    by: UUID | None = None,
) -> None:
    """Say where a device is, or None. Raises InvalidError, NotFoundError."""

    def locate() -> int:
        device = flashlog.log.get(Device, device_id)
        needed = (
            [location_of(flashlog, location_id, device.organization_id)]
            if location_id
            else []
        )
        said = structs.replace(device.description, location_id=location_id)
        device.change(said, by=by)
        return flashlog.log.append(device, unchanged=needed)

    flashlog.show(flashlog.log.decide(locate))


def _require_empty(flashlog: Flashlog, location_id: UUID) -> None:
    if flashlog.views.all("device", {"location_id": str(location_id)}):
        raise InvalidError.of(
            "organization", "Devices of its organization are at this location."
        )
