"""What must hold of an account before it is made or changed."""

from collections.abc import Sequence
from uuid import UUID

from application.commands.claims import Claims, Key
from application.flashlog import Flashlog
from application.persons import Person
from domain.group import BUILT_IN, Group
from domain.permissions import PERMISSIONS
from domain.reservation import Reservation
from domain.user import Rights

_SCOPES = {
    "username": "user/username",
    "email": "user/email",
    "phone_number": "user/phone",
}
_TAKEN = {
    "username": "A user with that username already exists.",
    "email": "User with this Email address already exists.",
    "phone_number": "User with this phone number already exists.",
}
_UNKNOWN = "Invalid pk - object does not exist."


def wrong_rights(
    flashlog: Flashlog, rights: Rights, *, before: Rights | None = None
) -> dict[str, list[str]]:
    """Return what is wrong with what somebody is to have, by field."""
    wrong = {}
    expires_on = rights.expires_on
    if expires_on and expires_on != (before.expires_on if before else None):
        today = flashlog.clock.now().date()
        if expires_on < today:
            wrong["expiration_date"] = ["Expiration date cannot be in the past."]
    if not all(is_group(flashlog, number) for number in rights.groups):
        wrong["groups"] = [_UNKNOWN]
    if not set(rights.permissions) <= PERMISSIONS.keys():
        wrong["user_permissions"] = [_UNKNOWN]
    return wrong


def is_group(flashlog: Flashlog, number: int) -> bool:
    """Whether there is a group of this number."""
    return number in BUILT_IN or bool(flashlog.log.find(Group, Group.id_of(number)))


def claim_keys(
    flashlog: Flashlog,
    user_id: UUID,
    person: Person | None,
    *,
    before: Person | None = None,
) -> Sequence[Reservation]:
    """Claim name, e-mail and phone for a person, and release those of before.

    Raises TakenError naming every one that somebody else has.
    """
    claims = Claims(flashlog)
    old, new = _keys(flashlog, before), _keys(flashlog, person)
    for field, taken in _TAKEN.items():
        claims.move(field, old.get(field), new.get(field), user_id, taken=taken)
    return claims.granted()


def user_of(flashlog: Flashlog, username: str) -> UUID | None:
    """Return whose name it is."""
    return Claims(flashlog).owner(_key(flashlog, "username", username))


def _keys(flashlog: Flashlog, person: Person | None) -> dict[str, Key]:
    texts = person.keys if person else {}
    return {field: _key(flashlog, field, text) for field, text in texts.items()}


def _key(flashlog: Flashlog, field: str, text: str) -> Key:
    """Return what is claimed in the log for good; it tells nobody who it was.

    A plain hash would: whoever knows a name could look for it.
    """
    scope = _SCOPES[field]
    return Key(scope, flashlog.vault.mark(scope, text.strip().casefold()))
