"""Groups of devices: make, change, delete them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID, uuid4

from msgspec import structs

from application.commands.claims import Claims, Key
from application.commands.emptying import GROUP, empty, require_empty
from application.commands.located import owners_of
from application.flashlog import Flashlog
from domain.device_group import DeviceGroup, GroupDescription

__all__ = ["GroupDescription", "change_group", "create_group", "delete_group"]

TAKEN = "The fields organization, name must make a unique set."
_IN_USE = "Devices of its organization are in this group."


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
        nothing_new = None
        if group.organization_id != description.organization_id:
            nothing_new = require_empty(flashlog, GROUP, group_id, complaint=_IN_USE)
        claims = Claims(flashlog)
        before, after = _key(group.description), _key(description)
        claims.move("name", before, after, group_id, taken=TAKEN)
        granted = claims.granted()
        owners = owners_of(flashlog, description.organization_id)
        group.change(description, by=by)
        return flashlog.log.append(
            group, *granted, unchanged=owners, none_since=nothing_new
        )

    flashlog.show(flashlog.log.decide(change))


def delete_group(flashlog: Flashlog, group_id: UUID, *, by: UUID | None = None) -> None:
    """Delete a group; its devices go on without one. Raises NotFoundError."""

    def delete() -> int:
        group = flashlog.log.get(DeviceGroup, group_id)
        claims = Claims(flashlog)
        claims.release(_key(group.description), group_id)
        nothing_new = empty(flashlog, GROUP, group_id, by=by)
        group.delete(by=by)
        return flashlog.log.append(group, *claims.granted(), none_since=nothing_new)

    flashlog.show(flashlog.log.decide(delete))


def _key(description: GroupDescription) -> Key:
    scope = f"organization/{description.organization_id}/device-group/name"
    return Key(scope, description.name, exact=True)
