"""How to log in, as clients write it: user name, port, and a password or a key.

What is wrong is said without repeating what was sent: it may be the secret.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from application.adapters.ssh.private_keys import PrivateKeyError, PrivateKeys
from domain.credentials import KEY, PASSWORD
from domain.errors import InvalidError

# What is shown in a secret's place; who sends it back means the secret that there is.
MASK = "********"

_FIELDS = frozenset({"username", PASSWORD, KEY, "port"})
_USERNAME_LENGTH_MIN = 2
_PASSWORD_LENGTH_MIN = 4
_KEY_LENGTH_MIN = 64
_PORT, _PORT_MAX = 22, 65535


class LogIn(msgspec.Struct, frozen=True, kw_only=True):
    """What was sent. `secret` is None where the one that there is stays."""

    username: str
    port: int
    secret: Mapping[str, str | None] | None
    secret_kind: str


def read_log_in(params: Mapping[str, Any], *, known_kind: str = "") -> LogIn:
    """Read parameters; `known_kind` is that of a secret that may stay.

    Raises InvalidError on `params`.
    """
    complaints = [*_complaints(params), *_secret_complaints(params, known_kind)]
    if complaints:
        raise InvalidError({"params": complaints})
    sent = _sent(params)
    return LogIn(
        username=params["username"],
        port=params.get("port", _PORT),
        secret=_record(sent, params[sent]) if sent else None,
        secret_kind=sent or known_kind,
    )


def shown_log_in(username: str, port: int, secret_kind: str) -> dict[str, Any]:
    """Show a log-in without its secret."""
    return {"username": username, secret_kind: MASK, "port": port}


def _record(kind: str, secret: str) -> Mapping[str, str | None]:
    return {
        "password": secret if kind == PASSWORD else None,
        "private_key": secret if kind == KEY else None,
        "passphrase": None,
    }


def _sent(params: Mapping[str, Any]) -> str:
    """Return the kind of the secret that was sent, blank where none was."""
    return next((kind for kind in (PASSWORD, KEY) if _is_told(params.get(kind))), "")


def _is_told(secret: Any) -> bool:
    return secret not in (None, MASK)


def _complaints(params: Mapping[str, Any]) -> list[str]:
    found = []
    if not params.keys() <= _FIELDS:
        found.append(
            "There is an unknown key; known are username, password, key, port."
        )
    username, port = params.get("username"), params.get("port", _PORT)
    least = 1 if KEY in params else _USERNAME_LENGTH_MIN
    if not isinstance(username, str) or len(username.strip()) < least:
        found.append(f"username is a text of {least} or more characters.")
    elif not username.isprintable():
        found.append("username has characters that cannot be printed.")
    if type(port) is not int or not 1 <= port <= _PORT_MAX:
        found.append(f"port is a whole number from 1 to {_PORT_MAX}.")
    return found


def _secret_complaints(params: Mapping[str, Any], known_kind: str) -> list[str]:
    told = [kind for kind in (PASSWORD, KEY) if kind in params]
    if len(told) > 1:
        return ["Give either a password or a key, not both."]
    if not _sent(params):
        if not known_kind:
            return ["Give a password or a key: it is needed to log in."]
        if told and told != [known_kind]:
            return [f"There is no {told[0]} to keep, but a {known_kind}."]
        return []
    if told == [PASSWORD]:
        return _password_complaints(params[PASSWORD])
    return _key_complaints(params[KEY])


def _password_complaints(password: Any) -> list[str]:
    if not isinstance(password, str) or len(password) < _PASSWORD_LENGTH_MIN:
        return [f"password is a text of {_PASSWORD_LENGTH_MIN} or more characters."]
    return []


def _key_complaints(key: Any) -> list[str]:
    if not isinstance(key, str) or len(key) < _KEY_LENGTH_MIN:
        return [f"key is a text of {_KEY_LENGTH_MIN} or more characters."]
    try:
        PrivateKeys().read(key, None)
    except PrivateKeyError as error:
        return [f"{str(error)[:1].upper()}{str(error)[1:]}."]
    return []
