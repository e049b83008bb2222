"""The options that say how to log in to a router, and what they mean."""

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import msgspec

from application.commands.devices import NewCredentials
from application.commands.registration import JumpLogin, Logins
from web.cli.here import Here

_SSH_PORT = 22
_PORT_MAX = 65535
_USER = "root"


class LoginOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What was given on the command line."""

    user: str | None
    port: int | None
    key: Path | None
    wants_passphrase: bool
    wants_password: bool
    empty_password: bool
    same_as: str | None
    jumps: tuple[str, ...]
    jump_key: Path | None


password_option = click.option(
    "--password-stdin",
    is_flag=True,
    help="Take the first line of the input as password [default: ask for it].",
)
_OPTIONS = (
    click.option("--user", help=f"Who logs in [default: {_USER}]."),
    click.option(
        "--port",
        type=click.IntRange(1, _PORT_MAX),
        help=f"Where the router answers SSH [default: {_SSH_PORT}].",
    ),
    click.option(
        "--key",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Log in with this private key (PEM or OpenSSH).",
    ),
    click.option(
        "--passphrase",
        "wants_passphrase",
        is_flag=True,
        help="Ask for the key's passphrase.",
    ),
    click.option(
        "--password-stdin",
        "wants_password",
        is_flag=True,
        help="Log in with the password that stands in the first line of the input.",
    ),
    click.option(
        "--empty-password",
        is_flag=True,
        help="Log in without a password, as fresh OpenWrt does.",
    ),
    click.option(
        "--login-of", "same_as", metavar="DEVICE", help="Log in as to this device."
    ),
    click.option(
        "--jump",
        "jumps",
        metavar="USER@HOST[:PORT]",
        multiple=True,
        help="Go through this host; may be given again, in order of the way.",
    ),
    click.option(
        "--jump-key",
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        help="Log in to the jump hosts with this key [default: as to the router].",
    ),
)


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options to a command; it gets them together as `login`."""

    @functools.wraps(command)
    def with_login(*args: Any, **given: Any) -> Any:
        names = LoginOptions.__struct_fields__
        login = LoginOptions(**{name: given.pop(name) for name in names})
        return command(*args, login=login, **given)

    for option in reversed(_OPTIONS):
        with_login = option(with_login)
    return with_login


def read(here: Here, login: LoginOptions) -> Logins:
    """Read keys and passwords. Raises click's UsageError."""
    _refuse_what_would_be_ignored(login)
    ways = (
        login.key is not None,
        login.wants_password,
        login.empty_password,
        login.same_as is not None,
    )
    if sum(ways) != 1:
        msg = (
            "say how to log in, in one way: --key FILE, --password-stdin, "
            "--empty-password or --login-of DEVICE"
        )
        raise click.UsageError(msg)
    if login.same_as is not None:
        return Logins(same_as=here.device(login.same_as))
    new = _credentials(login)
    return Logins(new=new, jumps=tuple(_jump(text, login, new) for text in login.jumps))


def read_if_given(here: Here, login: LoginOptions) -> Logins | None:
    """Read a log-in, where one is given at all. Raises click's UsageError."""
    is_given = any(getattr(login, name) for name in LoginOptions.__struct_fields__)
    if login.same_as is not None:
        msg = "--login-of names the log-in of one router: give the log-in itself"
        raise click.UsageError(msg)
    return read(here, login) if is_given else None


def read_password(prompt: str = "Password") -> str:
    """Read the first line of the input; on a terminal ask without showing it."""
    if sys.stdin.isatty():
        return str(click.prompt(prompt, hide_input=True, err=True))
    try:
        line = sys.stdin.readline()
        line.encode()
    except UnicodeError:
        msg = "what stands in the first line of the input is not text in UTF-8"
        raise click.UsageError(msg) from None
    return line.rstrip("\r\n")


def _refuse_what_would_be_ignored(login: LoginOptions) -> None:
    """Raise UsageError for options that mean nothing beside the others."""
    pointless = {
        "--passphrase": login.wants_passphrase and login.key is None,
        "--jump-key": login.jump_key is not None and not login.jumps,
    }
    if login.same_as is not None:
        pointless |= {
            "--user": login.user is not None,
            "--port": login.port is not None,
            "--jump": bool(login.jumps),
        }
    ignored = [name for name, is_pointless in pointless.items() if is_pointless]
    if ignored:
        given = "--login-of, which says all of it" if login.same_as else "what is given"
        msg = f"{', '.join(ignored)} would be ignored beside {given}: leave it out"
        raise click.UsageError(msg)


def _credentials(login: LoginOptions) -> NewCredentials:
    common = NewCredentials(username=login.user or _USER, port=login.port or _SSH_PORT)
    if login.key is not None:
        passphrase = read_password("Passphrase") if login.wants_passphrase else None
        return msgspec.structs.replace(
            common, private_key=_text_of(login.key), passphrase=passphrase
        )
    password = "" if login.empty_password else read_password()
    return msgspec.structs.replace(common, password=password)


def _jump(text: str, login: LoginOptions, router: NewCredentials) -> JumpLogin:
    user, at, place = text.rpartition("@")
    host, colon, port = place.rpartition(":")
    if (
        not colon
        or "]" in port
        or (":" in host.strip("[]") and not host.startswith("["))
    ):
        host, port = place, str(_SSH_PORT)
    is_port = port.isascii() and port.isdecimal() and 0 < int(port) <= _PORT_MAX
    if not (at and user and host and is_port):
        msg = f"--jump {text!r} is not USER@HOST or USER@HOST:PORT"
        raise click.UsageError(msg)
    same = msgspec.structs.replace(
        router, username=user, port=int(port), name=f"{user}@{host}"
    )
    if login.jump_key is not None:
        same = msgspec.structs.replace(
            same, password=None, private_key=_text_of(login.jump_key)
        )
    return JumpLogin(address=host.strip("[]"), login=same)


def _text_of(key: Path) -> str:
    try:
        return key.read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        msg = f"the key {key} cannot be read: {reason}"
        raise click.UsageError(msg) from None
