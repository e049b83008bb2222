"""A place where devices are."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event

OUTDOOR, INDOOR = "outdoor", "indoor"


class Place(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people say of a location; `geometry` is GeoJSON."""

    name: str
    organization_id: UUID
    type: str = OUTDOOR
    is_mobile: bool = False
    address: str = ""
    geometry: Mapping[str, Any] | None = None


class LocationEvent(Event, frozen=True, kw_only=True):
    """A fact of a location."""


class LocationCreated(LocationEvent, frozen=True, kw_only=True):
    TOPIC = "Location:Created"

    place: Place
    by: UUID | None = None

    def apply(self, location: "Location") -> None:
        location.place = self.place


class LocationChanged(LocationEvent, frozen=True, kw_only=True):
    """All that is said of it from now on."""

    TOPIC = "Location:Changed"

    place: Place
    by: UUID | None = None

    def apply(self, location: "Location") -> None:
        location.place = self.place


class LocationDeleted(LocationEvent, frozen=True, kw_only=True):
    """Its devices go on without a location."""

    TOPIC = "Location:Deleted"

    by: UUID | None = None

    def apply(self, location: "Location") -> None:
        location.is_deleted = True


class Location(Aggregate):
    """A place of one organization."""

    place: Place

    @classmethod
    def create(
        cls, location_id: UUID, place: Place, *, by: UUID | None = None
    ) -> "Location":
        location = cls(location_id)
        location.record(LocationCreated(place=place, by=by))
        return location

    @property
    def organization_id(self) -> UUID:
        return self.place.organization_id

    def change(self, place: Place, *, by: UUID | None = None) -> None:
        if self.place != place:
            self.record(LocationChanged(place=place, by=by))

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(LocationDeleted(by=by))


LocationEvent.AGGREGATE = Location
