"""Groups of permissions that are made here, beside those that are there always."""

from collections.abc import Iterable, Sequence
from uuid import UUID

from application.commands.claims import Claims, Key
from application.flashlog import Flashlog
from domain.errors import InvalidError, RefusedError
from domain.group import BUILT_IN, Group, GroupCreated
from domain.permissions import PERMISSIONS, in_order
from domain.reservation import Reservation

_TAKEN = "group with this name already exists."
_UNKNOWN = "Invalid pk - object does not exist."


def create_group(
    flashlog: Flashlog,
    *,
    name: str,
    permissions: Iterable[str] = (),
    by: UUID | None = None,
) -> int:
    """Make a group; returns its number. Raises InvalidError."""
    held = _known(permissions)

    def create() -> tuple[int, int]:
        number = _next_number(flashlog)
        group_id = Group.id_of(number)
        claims = _claim_name(flashlog, group_id, name)
        created = GroupCreated(number=number, name=name, permissions=held, by=by)
        return flashlog.log.append(Group.create(created), *claims), number

    position, number = flashlog.log.decide(create)
    flashlog.show(position)
    return number


def change_group(
    flashlog: Flashlog,
    *,
    number: int,
    name: str | None = None,
    permissions: Iterable[str] | None = None,
    by: UUID | None = None,
) -> None:
    """Change a group. Raises InvalidError, NotFoundError, RefusedError."""
    _require_own(number)
    held = None if permissions is None else _known(permissions)

    def change() -> int:
        group = flashlog.log.get(Group, Group.id_of(number))
        claims = _claim_name(flashlog, group.id, name or group.name, before=group.name)
        group.change(
            name=name or group.name,
            permissions=group.permissions if held is None else held,
            by=by,
        )
        return flashlog.log.append(group, *claims)

    flashlog.show(flashlog.log.decide(change))


def delete_group(flashlog: Flashlog, *, number: int, by: UUID | None = None) -> None:
    """Take what a group permits from all who are in it. Raises RefusedError."""
    _require_own(number)

    def delete() -> int:
        group = flashlog.log.get(Group, Group.id_of(number))
        claims = _claim_name(flashlog, group.id, "", before=group.name)
        group.delete(by=by)
        return flashlog.log.append(group, *claims)

    flashlog.show(flashlog.log.decide(delete))


def _next_number(flashlog: Flashlog) -> int:
    """Return a number that no group ever had; who comes first gets it."""
    (found,) = flashlog.views.rows("SELECT max(number) AS last FROM user_group")
    number = max(found["last"] or 0, *BUILT_IN) + 1
    while flashlog.log.recorder.version_of(Group.id_of(number)):
        number += 1
    return number


def _claim_name(
    flashlog: Flashlog, group_id: UUID, name: str, *, before: str = ""
) -> Sequence[Reservation]:
    built_in = {each.name.casefold() for each in BUILT_IN.values()}
    if name.strip().casefold() in built_in:
        raise InvalidError.of("name", _TAKEN)
    claims = Claims(flashlog)
    claims.move("name", _key(before), _key(name), group_id, taken=_TAKEN)
    return claims.granted()


def _key(name: str) -> Key | None:
    return Key("group/name", name) if name else None


def _known(permissions: Iterable[str]) -> tuple[str, ...]:
    names = set(permissions)
    if not names <= PERMISSIONS.keys():
        raise InvalidError.of("permissions", _UNKNOWN)
    return in_order(names)


def _require_own(number: int) -> None:
    if number in BUILT_IN:
        name = BUILT_IN[number].name
        msg = f"The group {name} is always there and cannot be changed or deleted."
        raise RefusedError(msg)
