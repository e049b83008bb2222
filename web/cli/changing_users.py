"""What happens to accounts later: `flashlog user password`, `deactivate`, `erase`."""

import sys

import click

from application.commands.changing_users import (
    UserChanges,
    change_password,
    change_user,
    erase_user,
)
from application.commands.users import find_user, user_meant
from application.errors import InvalidError
from web.cli import output
from web.cli.here import Here, json_option, pass_here
from web.cli.logins import password_option, read_password


@click.command()
@click.argument("name")
@password_option
@json_option
@pass_here
def password(here: Here, *, name: str, password_stdin: bool, as_json: bool) -> None:
    """Give an account another password; its token stays the same.

    \b
    Example:
      pass flashlog/maria | flashlog user password maria --password-stdin
    """
    if not password_stdin and not sys.stdin.isatty():
        msg = "no terminal to ask at: give the password with --password-stdin"
        raise click.UsageError(msg)
    found = find_user(here.flashlog, name)
    new = read_password("New password")
    if not new.strip():
        raise InvalidError.of("password", "Give a password that is not blank.")
    change_password(here.flashlog, user_id=found.id, password=new, by=here.user_id)
    _say(name, f"{name} has another password", as_json=as_json)


@click.command()
@click.argument("name")
@json_option
@pass_here
def deactivate(here: Here, *, name: str, as_json: bool) -> None:
    """Refuse an account's log-ins and token from now on.

    \b
    Example:
      flashlog user deactivate maria
    """
    _set_active(here, name, is_active=False)
    told = f"{name} may not ask any more; again: flashlog user activate {name}"
    _say(name, told, as_json=as_json)


@click.command()
@click.argument("name")
@json_option
@pass_here
def activate(here: Here, *, name: str, as_json: bool) -> None:
    """Let a deactivated account in again.

    Password and token are as they were.

    \b
    Example:
      flashlog user activate maria
    """
    _set_active(here, name, is_active=True)
    _say(name, f"{name} may ask again", as_json=as_json)


@click.command()
@click.argument("name", metavar="NAME|ID")
@click.option("--yes", "confirmed", metavar="NAME", help="Confirm by the same.")
@json_option
@pass_here
def erase(here: Here, *, name: str, confirmed: str | None, as_json: bool) -> None:
    """Erase a person: account, token and all that is known of them.

    The log keeps the id in what the person did, and nothing that says who it was:
    from now on that was somebody who was erased. Recordings of visits that name the
    person are blanked. A backup that was made before still has it all.

    \b
    Example:
      flashlog user erase maria --yes maria
    """
    user_id = user_meant(here.flashlog, name)
    if confirmed is None and sys.stdin.isatty():
        confirmed = click.prompt(f"Repeat the name to erase {name}", err=True)
    if confirmed != name:
        msg = f"not confirmed, nobody was erased: repeat the name with --yes {name}"
        raise click.UsageError(msg)
    blanked = erase_user(here.flashlog, user_id=user_id, by=here.user_id)
    told = f", also in {output.counted(blanked, 'recording')}" if blanked else ""
    _say(name, f"erased {name}{told}", as_json=as_json)


def _set_active(here: Here, name: str, *, is_active: bool) -> None:
    user_id = find_user(here.flashlog, name).id
    changes = UserChanges(rights={"is_active": is_active})
    change_user(here.flashlog, user_id=user_id, changes=changes, by=here.user_id)


def _say(name: str, told: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json({"username": name})
    else:
        output.say(told)


COMMANDS = (password, deactivate, activate, erase)
