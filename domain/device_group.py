"""A group of devices, for what is to be done to all of them."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from domain.base import Aggregate, Event


class GroupDescription(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What people say of a group.

    `templates`, `context` and `meta_data` are kept for clients that store something
    there; Flashlog makes no use of them.
    """

    name: str
    organization_id: UUID
    description: str = ""
    templates: tuple[UUID, ...] = ()
    context: Mapping[str, Any] = {}
    meta_data: Mapping[str, Any] = {}


class DeviceGroupEvent(Event, frozen=True, kw_only=True):
    """A fact of a group of devices."""


class GroupCreated(DeviceGroupEvent, frozen=True, kw_only=True):
    TOPIC = "DeviceGroup:Created"

    description: GroupDescription
    by: UUID | None = None

    def apply(self, group: "DeviceGroup") -> None:
        group.description = self.description


class GroupChanged(DeviceGroupEvent, frozen=True, kw_only=True):
    """All that is said of it from now on."""

    TOPIC = "DeviceGroup:Changed"

    description: GroupDescription
    by: UUID | None = None

    def apply(self, group: "DeviceGroup") -> None:
        group.description = self.description


class GroupDeleted(DeviceGroupEvent, frozen=True, kw_only=True):
    """Its devices go on without a group."""

    TOPIC = "DeviceGroup:Deleted"

    by: UUID | None = None

    def apply(self, group: "DeviceGroup") -> None:
        group.is_deleted = True


class DeviceGroup(Aggregate):
    """Devices of one organization that belong together."""

    description: GroupDescription

    @classmethod
    def create(
        cls,
        group_id: UUID,
        description: GroupDescription,
        *,
        by: UUID | None = None,
    ) -> "DeviceGroup":
        group = cls(group_id)
        group.record(GroupCreated(description=description, by=by))
        return group

    @property
    def organization_id(self) -> UUID:
        return self.description.organization_id

    def change(self, description: GroupDescription, *, by: UUID | None = None) -> None:
        if self.description != description:
            self.record(GroupChanged(description=description, by=by))

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(GroupDeleted(by=by))


DeviceGroupEvent.AGGREGATE = DeviceGroup
