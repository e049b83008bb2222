"""Where things belong: the organization, group and location a command refers to."""

from collections.abc import Sequence
from uuid import UUID

from application.flashlog import Flashlog
from domain.device_group import DeviceGroup
from domain.errors import InvalidError
from domain.location import Location
from domain.organization import Organization

NO_SUCH_PK = "Invalid pk - object does not exist."


def owners_of(
    flashlog: Flashlog, organization_id: UUID | None
) -> Sequence[Organization]:
    """Return the organization that something is given to; what all share has none.

    Nobody deletes it meanwhile, where it is saved as `unchanged`. Raises InvalidError.
    """
    if organization_id is None:
        return ()
    organization = flashlog.log.find(Organization, organization_id)
    if organization is None:
        raise InvalidError.of("organization", "There is no such organization.")
    return (organization,)


def group_of(flashlog: Flashlog, group_id: UUID, organization_id: UUID) -> DeviceGroup:
    """Return a group of the same organization. Raises InvalidError on `group`."""
    group = flashlog.log.find(DeviceGroup, group_id)
    if group is None:
        raise InvalidError.of("group", NO_SUCH_PK)
    if group.organization_id != organization_id:
        raise InvalidError.of(
            "group", "The group belongs to another organization than the device."
        )
    return group


def location_of(
    flashlog: Flashlog, location_id: UUID, organization_id: UUID
) -> Location:
    """Return a location of the same organization. Raises InvalidError."""
    location = flashlog.log.find(Location, location_id)
    if location is None:
        raise InvalidError.of("location", NO_SUCH_PK)
    if location.organization_id != organization_id:
        raise InvalidError.of(
            "location", "The location belongs to another organization than the device."
        )
    return location
