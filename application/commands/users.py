"""Who may ask: accounts, passwords, tokens. Names stay in the vault."""

import getpass
import secrets
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.commands.accounts import claim_keys, user_of, wrong_rights
from application.commands.keeping import kept_if_recorded
from application.commands.memberships import join, untouched
from application.flashlog import Flashlog
from application.passwords import hash_password, hash_token, is_password
from application.persons import KIND, Person, kept
from domain.errors import InvalidError, NotFoundError
from domain.user import Registered, Rights, TokenIssued, User


class WrongCredentialsError(Exception):
    """User name and password do not belong together; the same text for all causes."""


class NewUser(msgspec.Struct, frozen=True, kw_only=True):
    """An account to be made.

    `rights` are fields of `Rights`; `membership` is an organization, and whether as
    its manager.
    """

    person: Person
    password: str
    rights: Mapping[str, Any] = {}
    membership: tuple[UUID, bool] | None = None


def add_user(
    flashlog: Flashlog,
    *,
    username: str,
    password: str,
    email: str = "",
    is_superuser: bool = False,
    by: UUID | None = None,
) -> UUID:
    """Make an account. Raises InvalidError naming every wrong field."""
    new = NewUser(
        person=Person(username=username, email=email),
        password=password,
        rights={"is_superuser": is_superuser, "is_staff": is_superuser},
    )
    return register_user(flashlog, new, by=by)


def register_user(flashlog: Flashlog, new: NewUser, *, by: UUID | None = None) -> UUID:
    """Make an account. Raises InvalidError naming every wrong field."""
    person = new.person.changed({})
    wrong = person.wrong() | wrong_rights(flashlog, Rights(**new.rights))
    if not new.password.strip():
        wrong["password"] = ["Give a password that is not blank."]
    if wrong:
        raise InvalidError(wrong)
    new = msgspec.structs.replace(new, person=person)
    return _register(flashlog, new, hash_password(new.password), by=by)


def local_user(flashlog: Flashlog) -> UUID:
    """Return the account of the operating system's user; made at first use.

    It has no password: nobody can log in with it over the network.
    """
    name = f"{getpass.getuser()}@local"
    known = user_of(flashlog, name)
    if known:
        return known
    try:
        new = NewUser(
            person=Person(username=name),
            password="",
            rights={"is_superuser": True, "is_staff": True},
        )
        return _register(flashlog, new, "", by=None)
    except InvalidError:
        return local_user(flashlog)


def find_user(flashlog: Flashlog, username: str) -> User:
    """Find an account by its name. Raises NotFoundError."""
    user_id = user_of(flashlog, username) if username.isprintable() else None
    if user_id is None:
        msg = f"there is no user {username!r}: `flashlog user add` makes one"
        raise NotFoundError(msg)
    return flashlog.log.get(User, user_id)


def user_meant(flashlog: Flashlog, text: str) -> UUID:
    """Return whose name, or whose id, a text is. Raises NotFoundError."""
    with suppress(ValueError, NotFoundError):
        return flashlog.log.get(User, UUID(text)).id
    return find_user(flashlog, text).id


def token_of(flashlog: Flashlog, *, user_id: UUID, by: UUID | None = None) -> str:
    """Return the user's token: the same each time, made when first asked for."""

    def issue() -> tuple[str, int]:
        user = flashlog.log.get(User, user_id)
        if user.token_id:
            return str(flashlog.vault.get(user.token_id)["token"]), flashlog.log.end()
        token = secrets.token_hex(20)
        with kept_if_recorded(flashlog) as keep:
            issued = TokenIssued(
                token_id=keep("token", {"token": token}),
                token_hash=hash_token(token),
                by=by,
            )
            user.issue_token(issued)
            return token, flashlog.log.append(user)

    token, position = flashlog.log.decide(issue)
    flashlog.show(position)
    return token


def log_in(flashlog: Flashlog, *, username: str, password: str) -> UUID:
    """Check a password; returns the user's id. Raises WrongCredentialsError."""
    user, stored = None, ""
    with suppress(NotFoundError):
        user = find_user(flashlog, username)
        stored = str(flashlog.vault.get(user.password_id)["hash"])
    # Asked of nobody too, so that names cannot be guessed by time.
    is_right = is_password(stored, password)
    today = flashlog.clock.now().date()
    if user is None or not is_right or not user.rights.hold_on(today):
        raise WrongCredentialsError
    return user.id


def has_password(flashlog: Flashlog, user_id: UUID, password: str) -> bool:
    """Whether this is the user's password."""
    user, stored = flashlog.log.get(User, user_id), ""
    with suppress(NotFoundError):
        # Gone where another password has just been set.
        stored = str(flashlog.vault.get(user.password_id)["hash"])
    return is_password(stored, password)


def note_log_in(flashlog: Flashlog, user_id: UUID) -> None:
    """Remember when somebody has logged in with a browser."""

    def note() -> int:
        user = flashlog.log.get(User, user_id)
        user.note_log_in(at=flashlog.clock.now())
        return flashlog.log.append(user)

    flashlog.show(flashlog.log.decide(note))


def log_out(
    flashlog: Flashlog, user_id: UUID, session_id: UUID, *, until: datetime
) -> None:
    """End the session of a browser, which would have lasted `until` then."""

    def note() -> int:
        user = flashlog.log.get(User, user_id)
        user.log_out(session_id, at=flashlog.clock.now(), until=until)
        return flashlog.log.append(user)

    flashlog.show(flashlog.log.decide(note))


def _register(
    flashlog: Flashlog, new: NewUser, password_hash: str, *, by: UUID | None
) -> UUID:
    user_id = uuid4()
    with kept_if_recorded(flashlog) as keep:
        registered = Registered(
            person_id=keep(KIND, kept(new.person)),
            password_id=keep("password", {"hash": password_hash}),
            **new.rights,
            by=by,
        )

        def register() -> int:
            claims = claim_keys(flashlog, user_id, new.person)
            user = User.register(user_id, registered)
            if new.membership is None:
                return flashlog.log.append(user, *claims)
            organization_id, is_admin = new.membership
            organization = join(
                flashlog, user, organization_id, is_admin=is_admin, by=by
            )
            return flashlog.log.append(
                user, organization, *claims, unchanged=untouched(organization)
            )

        position = flashlog.log.decide(register)
    flashlog.show(position)
    return user_id
