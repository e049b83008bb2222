"""Permissions that are given together; Operator and Administrator are there always."""

from collections.abc import Mapping
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec

from domain.base import Aggregate, Event
from domain.permissions import all_of, in_order, view_of


class BuiltIn(msgspec.Struct, frozen=True, kw_only=True):
    """A group that no event has made and none can change."""

    number: int
    name: str
    permissions: frozenset[str]


OPERATOR = BuiltIn(
    number=1,
    name="Operator",
    permissions=view_of(
        "build",
        "firmwareimage",
        "devicefirmware",
        "batchupgradeoperation",
        "upgradeoperation",
        "organization",
    )
    | all_of("device", "devicegroup", "location", "devicelocation", "deviceconnection"),
)
ADMINISTRATOR = BuiltIn(
    number=2,
    name="Administrator",
    permissions=OPERATOR.permissions
    | all_of(
        "category",
        "build",
        "firmwareimage",
        "devicefirmware",
        "batchupgradeoperation",
        "upgradeoperation",
        "credentials",
        "user",
    )
    | {"change_organization", "view_group"},
)
BUILT_IN: Mapping[int, BuiltIn] = {
    each.number: each for each in (OPERATOR, ADMINISTRATOR)
}


class GroupEvent(Event, frozen=True, kw_only=True):
    """A fact of a group."""


class GroupCreated(GroupEvent, frozen=True, kw_only=True):
    """Permissions are named like `change_device`."""

    TOPIC = "Group:Created"

    number: int
    name: str
    permissions: tuple[str, ...] = ()
    by: UUID | None = None

    def apply(self, group: "Group") -> None:
        group.number = self.number
        group.name = self.name
        group.permissions = self.permissions


class GroupChanged(GroupEvent, frozen=True, kw_only=True):
    """The whole of it as it is from now on."""

    TOPIC = "Group:Changed"

    name: str
    permissions: tuple[str, ...] = ()
    by: UUID | None = None

    def apply(self, group: "Group") -> None:
        group.name = self.name
        group.permissions = self.permissions


class GroupDeleted(GroupEvent, frozen=True, kw_only=True):
    TOPIC = "Group:Deleted"

    by: UUID | None = None

    def apply(self, group: "Group") -> None:
        group.is_deleted = True


class Group(Aggregate):
    """The id is derived from the number, so that no number is given twice."""

    number: int
    name: str
    permissions: tuple[str, ...]

    @staticmethod
    def id_of(number: int) -> UUID:
        return uuid5(NAMESPACE_URL, f"flashlog:group:{number}")

    @classmethod
    def create(cls, created: GroupCreated) -> "Group":
        group = cls(cls.id_of(created.number))
        group.record(created)
        return group

    def change(
        self, *, name: str, permissions: tuple[str, ...], by: UUID | None = None
    ) -> None:
        ordered = in_order(permissions)
        if (name, ordered) != (self.name, self.permissions):
            self.record(GroupChanged(name=name, permissions=ordered, by=by))

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(GroupDeleted(by=by))


GroupEvent.AGGREGATE = Group
