"""Who may ask: accounts, passwords, tokens. Names stay in the vault."""

import getpass
import secrets
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from application.commands.keeping import kept_if_recorded
from application.flashlog import Flashlog
from application.passwords import hash_password, hash_token, is_password
from domain.errors import InvalidError, NotFoundError
from domain.reservation import KeyTakenError, Reservation
from domain.user import Registered, TokenIssued, User

_USER_NAME_SCOPE = "user/username"
_NAME_LENGTH_MAX = 150


class WrongCredentialsError(Exception):
    """User name and password do not belong together; the same text for all causes."""


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
    wrong = {}
    if not 0 < len(username) <= _NAME_LENGTH_MAX or not username.isprintable():
        wrong["username"] = [f"Give a name of 1 to {_NAME_LENGTH_MAX} characters."]
    if not password.strip():
        wrong["password"] = ["Give a password that is not blank."]
    if wrong:
        raise InvalidError(wrong)
    return _register(
        flashlog,
        username,
        {"username": username, "email": email},
        hash_password(password),
        is_superuser=is_superuser,
        by=by,
    )


def local_user(flashlog: Flashlog) -> UUID:
    """Return the account of the operating system's user; made at first use.

    It has no password: nobody can log in with it over the network.
    """
    name = f"{getpass.getuser()}@local"
    known = flashlog.log.find(Reservation, Reservation.id_of(_USER_NAME_SCOPE, name))
    if known and known.owner_id:
        return known.owner_id
    try:
        return _register(
            flashlog,
            name,
            {"username": name, "email": ""},
            "",
            is_superuser=True,
            by=None,
        )
    except InvalidError:
        return local_user(flashlog)


def find_user(flashlog: Flashlog, username: str) -> User:
    """Find an account by its name. Raises NotFoundError."""
    claim = None
    if username.isprintable():
        claim_id = Reservation.id_of(_USER_NAME_SCOPE, username)
        claim = flashlog.log.find(Reservation, claim_id)
    if claim is None or claim.owner_id is None:
        msg = f"there is no user {username!r}: `flashlog user add` makes one"
        raise NotFoundError(msg)
    return flashlog.log.get(User, claim.owner_id)


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
    if user is None or not is_right or not user.is_active:
        raise WrongCredentialsError
    return user.id


def _register(
    flashlog: Flashlog,
    username: str,
    person: dict[str, Any],
    password_hash: str,
    *,
    is_superuser: bool,
    by: UUID | None,
) -> UUID:
    user_id = uuid4()

    def register() -> int:
        claim = flashlog.log.get_or_new(
            Reservation, Reservation.id_of(_USER_NAME_SCOPE, username)
        )
        try:
            claim.claim(_USER_NAME_SCOPE, user_id)
        except KeyTakenError:
            raise InvalidError.of(
                "username", "A user with this name exists already."
            ) from None
        return flashlog.log.append(User.register(user_id, registered), claim)

    with kept_if_recorded(flashlog) as keep:
        registered = Registered(
            person_id=keep("person", person),
            password_id=keep("password", {"hash": password_hash}),
            is_superuser=is_superuser,
            is_staff=is_superuser,
            by=by,
        )
        position = flashlog.log.decide(register)
    flashlog.show(position)
    return user_id
