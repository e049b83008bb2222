"""`flashlog user`: accounts for the REST interface and the pages."""

import sys

import click

from application.commands.organizations import find_organization
from application.commands.users import NewUser, find_user, register_user, token_of
from application.persons import Person
from application.queries.accounts import all_accounts
from application.roles import ADMINISTRATOR, OPERATOR
from web.cli import changing_users, output
from web.cli.here import Here, json_option, pass_here
from web.cli.logins import password_option, read_password

_ROLES = {"administrator": ADMINISTRATOR, "operator": OPERATOR}


@click.group()
def user() -> None:
    """Make accounts and tokens, change and erase them.

    On this machine nobody needs one: commands are recorded under the name of the
    operating system's user.
    """


@user.command()
@click.argument("name")
@click.option("--superuser", is_flag=True, help="May do everything.")
@click.option(
    "--organization",
    metavar="SLUG",
    help="Belongs to this organization; with --role as one of its managers.",
)
@click.option(
    "--role",
    type=click.Choice(list(_ROLES)),
    help="Administrators do all in their organizations; operators mind the routers "
    "and see images and upgrades.",
)
@click.option("--email", default="", help="Kept in the vault, never in the log.")
@password_option
@json_option
@pass_here
def add(
    here: Here,
    *,
    name: str,
    superuser: bool,
    organization: str | None,
    role: str | None,
    email: str,
    password_stdin: bool,
    as_json: bool,
) -> None:
    """Make an account; works before and while the service runs.

    \b
    Examples:
      pass flashlog/admin | flashlog user add admin --superuser --password-stdin
      pass flashlog/maria | flashlog user add maria --password-stdin \\
          --organization freifunk --role administrator
    """
    if not password_stdin and not sys.stdin.isatty():
        msg = "no terminal to ask at: give the password with --password-stdin"
        raise click.UsageError(msg)
    if role and not organization:
        msg = "a role is one in an organization: say which with --organization SLUG"
        raise click.UsageError(msg)
    organization_id = None
    if organization:
        organization_id = find_organization(here.flashlog, organization)
    new = NewUser(
        person=Person(username=name, email=email),
        password=read_password(),
        rights={
            "is_superuser": superuser,
            "is_staff": superuser or role is not None,
            "groups": (_ROLES[role].number,) if role else (),
        },
        membership=(organization_id, role is not None) if organization_id else None,
    )
    user_id = register_user(here.flashlog, new, by=here.user_id)
    if as_json:
        output.print_json({"id": user_id, "username": name})
    else:
        output.say(f"added {name}; its token: flashlog user token {name}")


@user.command("list")
@click.option("--organization", metavar="SLUG", help="Those of one organization.")
@json_option
@pass_here
def list_(here: Here, *, organization: str | None, as_json: bool) -> None:
    """List all accounts with their roles, newest first.

    An organization's managers are marked with *.

    \b
    Example:
      flashlog user list --organization freifunk
    """
    flashlog = here.flashlog
    organization_id = None
    if organization:
        organization_id = find_organization(flashlog, organization)
    listed = all_accounts(flashlog, organization_id=organization_id)
    if as_json:
        output.print_json(listed)
        return
    output.print_table(
        ["NAME", "E-MAIL", "ACTIVE", "ROLE", "ORGANIZATIONS", "ADDED"],
        [
            (
                each.username,
                each.email,
                "yes" if each.is_active else "no",
                ["superuser"] if each.is_superuser else each.groups,
                [
                    f"{slug}*" if is_manager else slug
                    for slug, is_manager in each.organizations.items()
                ],
                output.moment(each.created),
            )
            for each in listed
        ],
        empty="no accounts yet: flashlog user add NAME",
    )


@user.command()
@click.argument("name")
@json_option
@pass_here
def token(here: Here, *, name: str, as_json: bool) -> None:
    """Print the token of an account.

    It is shown as `Authorization: Bearer TOKEN`. The same each time; made when it is
    first asked for.

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


for command in changing_users.COMMANDS:
    user.add_command(command)
