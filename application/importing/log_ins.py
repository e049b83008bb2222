"""How to log in, as sources write it: user, port, password, key file, jump hosts."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from application.commands.devices import NewCredentials
from application.commands.registration import JumpLogin

_PORT, _PORT_MAX = 22, 65535
_NO_JUMP = "none"


class LogInError(Exception):
    """What a source says of a log-in makes no sense; the message says why."""


def log_in_of(
    *,
    user: str,
    port: str,
    password: str,
    key_file: str,
    directory: Path,
    default: NewCredentials | None,
) -> NewCredentials | None:
    """Return the log-in that is told; None where nothing is. Raises LogInError."""
    if not (user or port or password or key_file):
        return None
    base = default or NewCredentials()
    told = msgspec.structs.replace(
        base, username=user or base.username, port=port_of(port, base.port), name=""
    )
    if key_file:
        key = _read(directory, key_file)
        return msgspec.structs.replace(
            told, private_key=key, password=None, passphrase=None
        )
    if password:
        return msgspec.structs.replace(
            told, password=password, private_key=None, passphrase=None
        )
    if default is None:
        msg = "a password or a key is missing: give one there, or for all"
        raise LogInError(msg)
    return told


def jumps_of(
    words: Sequence[str], like: NewCredentials | None
) -> tuple[JumpLogin, ...] | None:
    """Return the hosts on the way, in order; None where none is said.

    As in ssh_config, `none` says that there is none. Raises LogInError.
    """
    hosts = [word for word in words if word.lower() != _NO_JUMP]
    if not words:
        return None
    if hosts and len(hosts) < len(words):
        msg = f"{_NO_JUMP} and {', '.join(hosts)} cannot both be the way to a router"
        raise LogInError(msg)
    return tuple(jump_of(host, like) for host in hosts)


def jump_of(text: str, like: NewCredentials | None) -> JumpLogin:
    """Read `user@host:port`; the secret is that of the router. Raises LogInError."""
    user, _, place = text.strip().rpartition("@")
    host, port = split_port(place)
    if not host:
        msg = f"the jump host {text!r} is not USER@HOST or USER@HOST:PORT"
        raise LogInError(msg)
    if like is None:
        msg = f"nothing says how to log in to the jump host {text}"
        raise LogInError(msg)
    username = user or like.username
    login = msgspec.structs.replace(
        like, username=username, port=port_of(port, _PORT), name=f"{username}@{host}"
    )
    return JumpLogin(address=host, login=login)


def split_port(place: str) -> tuple[str, str]:
    """Part `host:port` or `[address]:port`; the port is blank where there is none."""
    if place.startswith("["):
        host, _, rest = place[1:].partition("]")
        return host, rest.removeprefix(":")
    if place.count(":") == 1:
        host, _, port = place.partition(":")
        return host, port
    return place, ""


def port_of(text: str, otherwise: int) -> int:
    """Read a port. Raises LogInError."""
    if not text:
        return otherwise
    if text.isascii() and text.isdecimal() and 0 < int(text) <= _PORT_MAX:
        return int(text)
    msg = f"{text!r} is no port"
    raise LogInError(msg)


def _read(directory: Path, name: str) -> str:
    path = directory / Path(name).expanduser()
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        msg = f"the key {name} cannot be read: {reason}"
        raise LogInError(msg) from None
