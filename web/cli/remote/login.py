"""Where a person is logged in: kept in a file that only its owner may read."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile

import click
import msgspec
import platformdirs

from web.cli.remote.address import read_url

URL, TOKEN, CA_FILE = "FLASHLOG_URL", "FLASHLOG_TOKEN", "FLASHLOG_CA_FILE"
_READ_BY_OTHERS = 0o077


class Login(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A service and what shows it who asks.

    `username` is blank where a token was given. `ca_file` holds the authorities that
    are trusted beside the system's.
    """

    url: str
    token: str
    username: str = ""
    ca_file: str = ""
    insecure_http: bool = False

    def __repr__(self) -> str:
        """Show everything but the token."""
        return f"Login(url={self.url!r}, username={self.username!r})"


def login_file() -> Path:
    return Path(platformdirs.user_config_dir("flashlog", appauthor=False), "login.json")


def store(login: Login) -> Path:
    """Keep a login in place of the one before; returns where."""
    path = login_file()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # A temporary file is made for its owner alone, and is all there or not at all.
        with NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(msgspec.json.format(msgspec.json.encode(login)) + b"\n")
        Path(file.name).replace(path)
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise click.ClickException(msg) from error
    return path


def forget() -> bool:
    """Forget the login; returns whether there was one."""
    try:
        login_file().unlink()
    except FileNotFoundError:
        return False
    return True


def stored() -> Login | None:
    """Return the login that is kept. Raises UsageError where it cannot be trusted."""
    path = login_file()
    try:
        if path.stat().st_mode & _READ_BY_OTHERS:
            msg = f"{path} may be read by others: log out and in again for a new token"
            raise click.UsageError(msg)
        return msgspec.json.decode(path.read_bytes(), type=Login)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        # What somebody may not even read is no login of theirs.
        return None
    except OSError as error:
        msg = f"{path} cannot be read: {error.strerror}"
        raise click.UsageError(msg) from error
    except msgspec.DecodeError as error:
        msg = f"{path} is no login ({error}): log in again"
        raise click.UsageError(msg) from None


def current(environment: Mapping[str, str] | None = None) -> Login | None:
    """Return the login that counts: the environment's, else the one that is kept.

    A token that is kept is sent to no other service than the one that gave it. Raises
    UsageError.
    """
    environment = os.environ if environment is None else environment
    url, token = environment.get(URL, ""), environment.get(TOKEN, "")
    if url and token:
        return Login(
            url=read_url(url), token=token, ca_file=environment.get(CA_FILE, "")
        )
    kept = stored()
    if not (url or token):
        return kept
    if kept is None:
        missing, given = (TOKEN, URL) if url else (URL, TOKEN)
        msg = f"{given} is set, but {missing} is not: set both, or run `flashlog login`"
        raise click.UsageError(msg)
    if url and read_url(url, insecure_http=kept.insecure_http) != kept.url:
        msg = (
            f"{URL} is {url}, but you are logged in at {kept.url}: set {TOKEN}, too, "
            "or log in there"
        )
        raise click.UsageError(msg)
    return msgspec.structs.replace(kept, token=token, username="") if token else kept
