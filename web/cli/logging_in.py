"""`flashlog login`, `logout` and `whoami`: work with a service elsewhere."""

import getpass
import sys
from contextlib import closing
from pathlib import Path

import click
import msgspec

from application.errors import InvalidError, RefusedError
from web.cli import output
from web.cli.here import Here, json_option, pass_machine
from web.cli.logins import read_password
from web.cli.remote import login as logins
from web.cli.remote.address import absolute, read_url
from web.cli.remote.client import USERS, Client
from web.cli.remote.errors import LoggedOutError, TooManyRequestsError
from web.cli.remote.login import Login


@click.command()
@click.argument("url")
@click.option("--username", metavar="NAME", help="Who logs in [default: ask].")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Take the first line of the input as password [default: ask for it].",
)
@click.option(
    "--token-stdin",
    is_flag=True,
    help="Take the first line of the input as token, and no password.",
)
@click.option(
    "--ca-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Trust these certificate authorities (PEM) beside the system's.",
)
@click.option(
    "--insecure-http",
    is_flag=True,
    help="Allow plain http to another machine: everybody on the way can read along.",
)
@json_option
def login(
    *,
    url: str,
    username: str | None,
    password_stdin: bool,
    token_stdin: bool,
    ca_file: Path | None,
    insecure_http: bool,
    as_json: bool,
) -> None:
    """Work with the service at URL from now on.

    That lasts until `flashlog logout`. Only its token is kept, in a file that nobody
    else may read. The commands that upgrade and look (upgrade, operation, batch, device
    list and show, image list, build list) then talk to it; `flashlog --here …`
    takes this machine's installation all the same.

    \b
    Examples:
      flashlog login https://flashlog.example.org --username maria
      pass flashlog/token | flashlog login https://flashlog.example.org --token-stdin
    """
    if token_stdin and (password_stdin or username):
        msg = "a token needs neither name nor password: say one or the other"
        raise click.UsageError(msg)
    new = Login(
        url=read_url(url, insecure_http=insecure_http),
        token="",
        ca_file=absolute(ca_file),
        insecure_http=insecure_http,
    )
    new = _with_token(new) if token_stdin else _with_password(new, username)
    logins.store(new)
    if as_json:
        output.print_json(_shown(new))
    else:
        name = f" as {new.username}" if new.username else ""
        output.say(f"logged in at {new.url}{name}")


@click.command()
@json_option
def logout(*, as_json: bool) -> None:
    """Forget the login.

    Commands work on this machine's installation again. The token stays valid at the
    service; it is only deleted here.

    \b
    Example:
      flashlog logout
    """
    was_logged_in = logins.forget()
    if as_json:
        output.print_json({"was_logged_in": was_logged_in})
    else:
        output.say("logged out" if was_logged_in else "you were not logged in")


@click.command()
@json_option
@pass_machine
def whoami(here: Here, *, as_json: bool) -> None:
    """Say which installation is worked on, and as whom.

    Logged in, the service is asked whether it still knows the token, and which
    organizations it shows.

    \b
    Example:
      flashlog whoami
    """
    found = here.login
    if found is None:
        facts: dict[str, object] = {
            "installation": str(here.settings.data_dir),
            "username": f"{getpass.getuser()}@local",
        }
    else:
        facts = _shown(found) | {"organizations": _organizations(found)}
    if as_json:
        output.print_json(facts)
    else:
        output.print_facts(facts)


def _shown(login: Login) -> dict[str, object]:
    return {"installation": login.url, "username": login.username}


def _with_token(new: Login) -> Login:
    token = read_password("Token").strip()
    if not (token.isascii() and token.isprintable() and token) or " " in token:
        msg = "what was given is no token: `flashlog user token NAME` prints one"
        raise click.UsageError(msg)
    known = msgspec.structs.replace(new, token=token)
    try:
        _organizations(known)
    except LoggedOutError:
        msg = f"{new.url} does not know this token"
        raise RefusedError(msg) from None
    return known


def _with_password(new: Login, username: str | None) -> Login:
    if username is None:
        if not sys.stdin.isatty():
            msg = "no terminal to ask at: say --username NAME, or --token-stdin"
            raise click.UsageError(msg)
        username = str(click.prompt("Username", err=True))
    body = {"username": username, "password": read_password()}
    try:
        with closing(Client(new)) as client:
            token = client.post(f"{USERS}/token/", body)["token"]
    except InvalidError as error:
        if "non_field_errors" not in error.fields:
            raise
        msg = f"{new.url} does not let {username} in: wrong name or password"
        raise RefusedError(msg) from None
    return msgspec.structs.replace(new, token=token, username=username)


def _organizations(login: Login) -> list[str]:
    """Return what the token manages; nothing where it may not even ask."""
    try:
        with closing(Client(login)) as client:
            rows = client.pages(f"{USERS}/organization/")
            return [str(row["slug"]) for row in rows]
    except TooManyRequestsError:
        raise
    except RefusedError:
        return []


COMMANDS = (login, logout, whoami)
