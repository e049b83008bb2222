"""Stories of groups and locations, and of what was deleted from the inventory."""

from collections.abc import Iterator
from uuid import UUID

from domain.base import Aggregate
from domain.credentials import Credentials, CredentialsCreated
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Jump
from domain.device_group import DeviceGroup, GroupDescription
from domain.location import Location, Place


def _id(number: int) -> UUID:
    return UUID(f"90000000-0000-4000-8000-{number:012d}")


GROUP, OLD_GROUP, LOCATION, OLD_LOCATION = map(_id, range(41, 45))
OLD_DEVICE, OLD_CREDENTIALS, KEY, NEW_SECRET, OLD_SECRET = map(_id, range(45, 50))
OLD_IMAGE, OLD_FIRMWARE, AGENT = map(_id, range(50, 53))
DELETED = (OLD_GROUP, OLD_LOCATION, OLD_DEVICE, OLD_CREDENTIALS)


def all_stories(organization_id: UUID, *, by: UUID) -> Iterator[Aggregate]:
    yield _group(organization_id, by)
    yield _old_group(organization_id, by)
    yield _location(organization_id, by)
    yield _old_location(organization_id, by)
    yield _old_credentials(by)
    yield _old_device(organization_id, by)


def _group(organization_id: UUID, by: UUID) -> DeviceGroup:
    said = GroupDescription(name="roofs", organization_id=organization_id)
    group = DeviceGroup.create(GROUP, said, by=by)
    changed = GroupDescription(
        name="high roofs",
        organization_id=organization_id,
        description="no ladder",
        templates=(OLD_GROUP,),
        context={"vlan": 7},
        meta_data={"mast": "Süd"},
    )
    group.change(changed, by=by)
    return group


def _old_group(organization_id: UUID, by: UUID) -> DeviceGroup:
    said = GroupDescription(name="cellars", organization_id=organization_id)
    group = DeviceGroup.create(OLD_GROUP, said)
    group.delete(by=by)
    return group


def _location(organization_id: UUID, by: UUID) -> Location:
    place = Place(name="tower", organization_id=organization_id, is_mobile=True)
    location = Location.create(LOCATION, place, by=by)
    changed = Place(
        name="church tower",
        organization_id=organization_id,
        type="indoor",
        address="Dorfstraße 1",
        geometry={"type": "Point", "coordinates": [12.5, 41.9]},
    )
    location.change(changed, by=by)
    return location


def _old_location(organization_id: UUID, by: UUID) -> Location:
    place = Place(name="van", organization_id=organization_id, is_mobile=True)
    location = Location.create(OLD_LOCATION, place)
    location.delete(by=by)
    return location


def _old_credentials(by: UUID) -> Credentials:
    created = CredentialsCreated(
        name="shared",
        organization_id=None,
        username="root",
        port=22,
        secret_id=OLD_SECRET,
        auto_add=True,
    )
    credentials = Credentials.create(OLD_CREDENTIALS, created)
    credentials.delete(by=by)
    return credentials


def _old_device(organization_id: UUID, by: UUID) -> Device:
    registered = Registered(
        name="cellar-1",
        organization_id=organization_id,
        mac_address="00:11:22:aa:bb:dd",
        addresses=("10.0.0.9",),
        management_ip="10.0.0.9",
    )
    device = Device.register(OLD_DEVICE, registered)
    device.assign_firmware(OLD_IMAGE, firmware_id=OLD_FIRMWARE, installed=True)
    device.remove_firmware(by=by)
    device.note_packages(("tcpdump", "wireguard-tools"))
    device.change_jumps(
        (Jump(address="gw.mesh", credentials_id=OLD_CREDENTIALS),), by=by
    )
    device.expect_agent(AGENT, by=by)
    device.deactivate(by=by)
    device.delete(by=by)
    return device
