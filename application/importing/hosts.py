"""Hosts and groups of an inventory, and which variables each host ends up with."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from application.importing.sighting import SourceError

# Groups that say nothing of their hosts.
_EVERYBODY = frozenset({"all", "ungrouped"})
_RANGE = re.compile(r"\[([0-9]+|[a-zA-Z]):([0-9]+|[a-zA-Z])(?::([0-9]+))?\]")
_HOSTS_MAX = 200_000


class Host(msgspec.Struct, frozen=True, kw_only=True):
    """A host with its variables; `group` is the one that it stands nearest to."""

    name: str
    group: str
    variables: Mapping[str, Any]
    problems: tuple[str, ...] = ()


class Inventory:
    """What was read, before it is known which variable counts where."""

    def __init__(self) -> None:
        self.complaints: list[tuple[str, str]] = []
        self._hosts: dict[str, dict[str, Any]] = {}
        self._members: dict[str, list[str]] = {"all": []}
        self._variables: dict[str, dict[str, Any]] = {}
        self._children: dict[str, list[str]] = {}

    def add_host(self, group: str, name: str, variables: Mapping[str, Any]) -> None:
        for each in expanded(name):
            self._hosts.setdefault(each, {}).update(variables)
            self._members.setdefault(group, []).append(each)
        if len(self._hosts) > _HOSTS_MAX:
            msg = f"there are more than {_HOSTS_MAX} hosts"
            raise SourceError(msg)

    def add_variables(self, group: str, variables: Mapping[str, Any]) -> None:
        self._variables.setdefault(group, {}).update(variables)

    def add_child(self, group: str, child: str) -> None:
        self._children.setdefault(group, []).append(child)
        self._members.setdefault(child, [])

    def hosts(self) -> Iterator[Host]:
        """Give out every host; nearer groups count for more than those above them."""
        parents: dict[str, list[str]] = {}
        for parent, children in self._children.items():
            for child in children:
                parents.setdefault(child, []).append(parent)
        groups: dict[str, list[str]] = {name: [] for name in self._hosts}
        for group, members in self._members.items():
            for name in members:
                groups[name].append(group)
        for name, own in self._hosts.items():
            near = [group for group in groups[name] if group not in _EVERYBODY]
            yield Host(
                name=name,
                group=min(near) if near else "",
                variables=self._inherited(groups[name], parents) | own,
            )

    def _inherited(
        self, groups: list[str], parents: Mapping[str, list[str]]
    ) -> dict[str, Any]:
        levels = [sorted(set(groups))]
        seen = set(levels[0])
        while above := sorted(
            {p for group in levels[-1] for p in parents.get(group, ())} - seen
        ):
            levels.append(above)
            seen |= set(above)
        found = dict(self._variables.get("all", {}))
        for level in reversed(levels):
            for group in level:
                if group != "all":
                    found |= self._variables.get(group, {})
        return found


def expanded(name: str) -> list[str]:
    """Return the hosts of a name with ranges, such as `ap[01:10]`. SourceError."""
    found = _RANGE.search(name)
    if found is None:
        return [name]
    first, last, step = found[1], found[2], int(found[3] or 1)
    if first.isdecimal() != last.isdecimal() or step == 0:
        msg = f"the range in {name!r} makes no sense"
        raise SourceError(msg)
    if first.isdecimal():
        numbers = range(int(first), int(last) + 1, step)
        if len(numbers) > _HOSTS_MAX:
            msg = f"the range in {name!r} is too large"
            raise SourceError(msg)
        words = [str(number).zfill(len(first)) for number in numbers]
    else:
        words = [chr(code) for code in range(ord(first), ord(last) + 1, step)]
    before, after = name[: found.start()], name[found.end() :]
    return [f"{before}{word}{rest}" for word in words for rest in expanded(after)]
