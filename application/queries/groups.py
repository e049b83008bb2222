"""The groups that there are, with those that are there always."""

import msgspec

from application.projections.views import Row, Views
from domain.group import BUILT_IN, BuiltIn
from domain.permissions import in_order

_MOST = 1 << 62


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """A group as it is shown; permissions are named like `change_device`."""

    number: int
    name: str
    permissions: tuple[str, ...]


def all_groups(views: Views) -> list[Group]:
    """Return all groups by name."""
    made = map(_made_here, views.all("user_group"))
    groups = [*map(_built_in, BUILT_IN.values()), *made]
    return sorted(groups, key=lambda group: (group.name.casefold(), group.number))


def group_of(views: Views, number: int) -> Group | None:
    """Return the group of a number."""
    if number in BUILT_IN:
        return _built_in(BUILT_IN[number])
    # SQLite takes no larger number.
    found = views.all("user_group", {"number": number}) if number < _MOST else []
    return _made_here(found[0]) if found else None


def _built_in(group: BuiltIn) -> Group:
    permissions = in_order(group.permissions)
    return Group(number=group.number, name=group.name, permissions=permissions)


def _made_here(row: Row) -> Group:
    permissions = msgspec.json.decode(row["permissions"], type=tuple[str, ...])
    return Group(number=row["number"], name=row["name"], permissions=permissions)
