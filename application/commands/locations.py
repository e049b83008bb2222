"""Locations, and which devices are there."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from application.commands.emptying import LOCATION, empty, require_empty
from application.commands.located import location_of, owners_of
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
_IN_USE = "Devices of its organization are at this location."


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
        nothing_new = None
        if location.organization_id != place.organization_id:
            nothing_new = require_empty(
                flashlog, LOCATION, location_id, complaint=_IN_USE
            )
        owners = owners_of(flashlog, place.organization_id)
        location.change(place, by=by)
        return flashlog.log.append(location, unchanged=owners, none_since=nothing_new)

    flashlog.show(flashlog.log.decide(change))


def delete_location(
    flashlog: Flashlog, location_id: UUID, *, by: UUID | None = None
) -> None:
    """Delete a location; its devices go on without one. Raises NotFoundError."""

    def delete() -> int:
        location = flashlog.log.get(Location, location_id)
        nothing_new = empty(flashlog, LOCATION, location_id, by=by)
        location.delete(by=by)
        return flashlog.log.append(location, none_since=nothing_new)

    flashlog.show(flashlog.log.decide(delete))


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
