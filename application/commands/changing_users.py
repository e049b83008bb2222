"""Change accounts and erase people; what the vault held of them goes with it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.commands.accounts import claim_keys, wrong_rights
from application.commands.keeping import kept_if_recorded
from application.commands.memberships import toggle, untouched
from application.flashlog import Flashlog
from application.passwords import hash_password
from application.persons import KIND, Person, kept, person_in
from application.recordings.blanking import blank_words, words_of
from domain.errors import InvalidError, NotFoundError
from domain.organization import Organization
from domain.user import User


class UserChanges(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be another: fields of `Person` and of `Rights`, and a membership.

    An organization that the user is in already, in the same role, is left.
    """

    person: Mapping[str, Any] = {}
    rights: Mapping[str, Any] = {}
    membership: tuple[UUID, bool] | None = None


def change_user(
    flashlog: Flashlog,
    *,
    user_id: UUID,
    changes: UserChanges,
    by: UUID | None = None,
) -> None:
    """Change an account. Raises InvalidError naming every wrong field."""

    def change() -> tuple[int, UUID | None]:
        user, before = _as_it_is(flashlog, user_id)
        person = before.changed(changes.person)
        rights = msgspec.structs.replace(user.rights, **changes.rights)
        wrong = person.wrong() | wrong_rights(flashlog, rights, before=user.rights)
        if wrong:
            raise InvalidError(wrong)
        claims = claim_keys(flashlog, user_id, person, before=before)
        organizations = []
        if changes.membership:
            organization_id, is_admin = changes.membership
            left_or_joined = toggle(
                flashlog, user, organization_id, is_admin=is_admin, by=by
            )
            organizations.append(left_or_joined)
        with kept_if_recorded(flashlog) as keep:
            old, new = user.person_id, None
            if person != before:
                new = keep(KIND, kept(person))
            user.change(rights, person_id=new, by=by)
            position = flashlog.log.append(
                user, *organizations, *claims, unchanged=untouched(*organizations)
            )
        return position, old if new else None

    position, replaced = flashlog.log.decide(change)
    flashlog.show(position)
    if replaced:
        flashlog.vault.erase(replaced)


def change_password(
    flashlog: Flashlog, *, user_id: UUID, password: str, by: UUID | None = None
) -> None:
    """Let another password open the account; its token stays the same."""
    with kept_if_recorded(flashlog) as keep:
        password_id = keep("password", {"hash": hash_password(password)})

        def change() -> tuple[int, UUID]:
            user = flashlog.log.get(User, user_id)
            replaced = user.password_id
            user.change_password(password_id, by=by)
            return flashlog.log.append(user), replaced

        position, replaced = flashlog.log.decide(change)
    flashlog.show(position)
    flashlog.vault.erase(replaced)


def erase_user(flashlog: Flashlog, *, user_id: UUID, by: UUID | None = None) -> int:
    """Delete an account; nothing of the person stays but an id.

    Recordings that name the person are blanked first, as long as it is known what to
    look for; returns how many.
    """
    named = _person(flashlog, flashlog.log.get(User, user_id))
    blanked = blank_words(flashlog, words_of(named), by=by) if named else 0

    def erase() -> tuple[int, User]:
        user = flashlog.log.get(User, user_id)
        claims = claim_keys(flashlog, user_id, None, before=_person(flashlog, user))
        organizations = [
            organization
            for organization_id in user.memberships
            if (organization := flashlog.log.find(Organization, organization_id))
        ]
        for organization in organizations:
            if organization.owner_id == user_id:
                organization.give_to(None, by=by)
        user.erase(by=by)
        position = flashlog.log.append(
            user, *organizations, *claims, unchanged=untouched(*organizations)
        )
        return position, user

    position, user = flashlog.log.decide(erase)
    flashlog.show(position)
    for record_id in (user.person_id, user.password_id, user.token_id):
        if record_id:
            flashlog.vault.erase(record_id)
    return blanked


def _as_it_is(flashlog: Flashlog, user_id: UUID) -> tuple[User, Person]:
    """Return an account and who it is. Raises NotFoundError."""
    user = flashlog.log.get(User, user_id)
    while True:
        try:
            return user, person_in(flashlog.vault, user.person_id)
        except NotFoundError:
            # Somebody who changed the person has just erased the record of before.
            erased, user = user.person_id, flashlog.log.get(User, user_id)
            if user.person_id == erased:
                raise


def _person(flashlog: Flashlog, user: User) -> Person | None:
    try:
        return person_in(flashlog.vault, user.person_id)
    except NotFoundError:
        return None
