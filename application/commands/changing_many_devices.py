"""The same change to many devices of the inventory, as people choose them.

Each returns how many devices were changed; those that are so already, or to which it
cannot be done, are left as they are.
"""

from collections.abc import Callable, Sequence
from uuid import UUID

import msgspec

from application.commands.many_devices import change_all
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.device.device import Device
from domain.device_group import DeviceGroup
from domain.location import Location

# Changes a device, and returns what that depends on.
_Change = Callable[[Device], Aggregate | None]


def deactivate_devices(
    flashlog: Flashlog, device_ids: Sequence[UUID], *, by: UUID | None = None
) -> int:
    """Take devices out of service."""

    def deactivate(device: Device) -> None:
        if device.is_active:
            device.deactivate(by=by)

    return _counted(flashlog, device_ids, deactivate)


def activate_devices(
    flashlog: Flashlog, device_ids: Sequence[UUID], *, by: UUID | None = None
) -> int:
    """Put devices back in service."""

    def activate(device: Device) -> None:
        if not device.is_active:
            device.activate(by=by)

    return _counted(flashlog, device_ids, activate)


def group_devices(
    flashlog: Flashlog,
    device_ids: Sequence[UUID],
    group_id: UUID | None,
    *,
    by: UUID | None = None,
) -> int:
    """Give devices a group of their organization, or none. Raises NotFoundError."""
    if group_id:
        flashlog.log.get(DeviceGroup, group_id)

    def regroup(device: Device) -> Aggregate | None:
        group = flashlog.log.get(DeviceGroup, group_id) if group_id else None
        if group and group.description.organization_id != device.organization_id:
            return None
        _change(device, group_id=group_id, by=by)
        return group

    return _counted(flashlog, device_ids, regroup)


def locate_devices(
    flashlog: Flashlog,
    device_ids: Sequence[UUID],
    location_id: UUID | None,
    *,
    by: UUID | None = None,
) -> int:
    """Let devices be at a location of their organization, or at none.

    Raises NotFoundError.
    """
    if location_id:
        flashlog.log.get(Location, location_id)

    def relocate(device: Device) -> Aggregate | None:
        location = flashlog.log.get(Location, location_id) if location_id else None
        if location and location.place.organization_id != device.organization_id:
            return None
        _change(device, location_id=location_id, by=by)
        return location

    return _counted(flashlog, device_ids, relocate)


def _change(
    device: Device,
    *,
    by: UUID | None,
    **said: UUID | None,
) -> None:
    device.change(msgspec.structs.replace(device.description, **said), by=by)


def _counted(flashlog: Flashlog, device_ids: Sequence[UUID], change: _Change) -> int:
    changed: set[UUID] = set()

    def noted(device: Device) -> Aggregate | None:
        # Decided again where somebody else came first: the last word counts.
        changed.discard(device.id)
        needed = change(device)
        if device.has_news:
            changed.add(device.id)
        return needed

    change_all(flashlog, device_ids, noted)
    return len(changed)
