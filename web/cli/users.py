"""`flashlog user`: accounts for the REST interface and the pages."""

import sys

import click

from application.commands.users import add_user, find_user, token_of
from web.cli import output
from web.cli.here import Here, json_option, pass_here
from web.cli.logins import read_password


@click.group()
def user() -> None:
    """Make accounts and tokens.

    On this machine nobody needs one: commands are recorded under the name of the
    operating system's user.
    """


@user.command()
@click.argument("name")
@click.option("--superuser", is_flag=True, help="May do everything.")
@click.option("--email", default="", help="Kept in the vault, never in the log.")
@click.option(
    "--password-stdin",
    is_flag=True,
    help="Take the first line of the input as password [default: ask for it].",
)
@json_option
@pass_here
def add(
    here: Here,
    *,
    name: str,
    superuser: bool,
    email: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make an account; works before and while the service runs.

    \b
    Example:
      pass flashlog/admin | flashlog user add admin --superuser --password-stdin
    """
    if not password_stdin and not sys.stdin.isatty():
        msg = "no terminal to ask at: give the password with --password-stdin"
        raise click.UsageError(msg)
    user_id = add_user(
        here.flashlog,
        username=name,
        password=read_password(),
        email=email,
        is_superuser=superuser,
        by=here.user_id,
    )
    if as_json:
        output.print_json({"id": user_id, "username": name})
    else:
        output.say(f"added {name}; its token: flashlog user token {name}")


@user.command()
@click.argument("name")
@json_option
@pass_here
def token(here: Here, *, name: str, as_json: bool) -> None:
    """Print the token of an account, for `Authorization: Bearer TOKEN`.

    The same each time; made when it is first asked for.

    \b
    Example:
      curl -H "Authorization: Bearer $(flashlog user token admin)" \\
          http://127.0.0.1:8000/api/v1/firmware-upgrader/upgrade-operation/
    """
    found = find_user(here.flashlog, name)
    text = token_of(here.flashlog, user_id=found.id, by=here.user_id)
    if as_json:
        output.print_json({"username": name, "token": text})
    else:
        click.echo(text)
