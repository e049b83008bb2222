"""Groups of devices: make, change, delete them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from application.commands.claims import Claims, Key
from application.commands.located import owners_of
from application.commands.many_devices import change_all
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.device_group import DeviceGroup, GroupDescription
from domain.errors import InvalidError

__all__ = ["GroupDescription", "change_group", "create_group", "delete_group"]

TAKEN = "The fields organization, name must make a unique set."


def create_group(
    flashlog: Flashlog,
    description: GroupDescription,
    *,
    group_id: UUID | None = None,
    by: UUID | None = None,
) -> UUID:
    """Make a group. Raises TakenError."""
    group_id = group_id or uuid4()

    def create() -> int:
        claims = Claims(flashlog)
        claims.claim("name", _key(description), group_id, taken=TAKEN)
        claims.check_id(group_id)
        granted = claims.granted()
        owners = owners_of(flashlog, description.organization_id)
        group = DeviceGroup.create(group_id, description, by=by)
        return flashlog.log.append(group, *granted, unchanged=owners)

    flashlog.show(flashlog.log.decide(create))
    return group_id


def change_group(
    flashlog: Flashlog,
    group_id: UUID,
    changes: Mapping[str, Any],
    *,
    by: UUID | None = None,
) -> None:
    """Change what `changes` names, as in `GroupDescription`.

    Raises InvalidError, NotFoundError.
    """

    def change() -> int:
        group = flashlog.log.get(DeviceGroup, group_id)
        description = structs.replace(group.description, **changes)
        if group.organization_id != description.organization_id:
            _require_empty(flashlog, group_id)
        claims = Claims(flashlog)
        before, after = _key(group.description), _key(description)
        claims.move("name", before, after, group_id, taken=TAKEN)
        granted = claims.granted()
        owners = owners_of(flashlog, description.organization_id)
        group.change(description, by=by)
        return flashlog.log.append(group, *granted, unchanged=owners)

    flashlog.show(flashlog.log.decide(change))


def delete_group(flashlog: Flashlog, group_id: UUID, *, by: UUID | None = None) -> None:
    """Delete a group; its devices go on without one. Raises NotFoundError."""

    def delete() -> int:
        group = flashlog.log.get(DeviceGroup, group_id)
        claims = Claims(flashlog)
        claims.release(_key(group.description), group_id)
        group.delete(by=by)
        return flashlog.log.append(group, *claims.granted())

    def leave(device: Device) -> None:
        if device.group_id == group_id:
            said = structs.replace(device.description, group_id=None)
            device.change(said, by=by)

    # No device can come in once it is deleted.
    flashlog.show(flashlog.log.decide(delete))
    rows = flashlog.views.all("device", {"group_id": str(group_id)})
    change_all(flashlog, [UUID(row["id"]) for row in rows], leave)


def _key(description: GroupDescription) -> Key:
    scope = f"organization/{description.organization_id}/device-group/name"
    return Key(scope, description.name, exact=True)


def _require_empty(flashlog: Flashlog, group_id: UUID) -> None:
    if flashlog.views.all("device", {"group_id": str(group_id)}):
        raise InvalidError.of(
            "organization", "Devices of its organization are in this group."
        )
