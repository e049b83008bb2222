"""`flashlog organization`: who owns routers, images and people."""

import click

from application.commands.organizations import found_organization
from web.cli import output
from web.cli.here import Here, json_option, pass_here


@click.group()
def organization() -> None:
    """Make organizations: none sees anything of another.

    There is one from the start, `default`; who runs routers for nobody else needs no
    other.
    """


@organization.command()
@click.argument("slug")
@click.option("--name", default="", help="In words [default: the slug].")
@click.option("--description", default="", help="For people.")
@json_option
@pass_here
def add(here: Here, *, slug: str, name: str, description: str, as_json: bool) -> None:
    """Make an organization.

    SLUG is its short name of letters, digits, underscores and hyphens.

    \b
    Example:
      flashlog organization add freifunk --name "Freifunk Rheinland"
    """
    facts = {"name": name or slug, "slug": slug, "description": description}
    organization_id = found_organization(here.flashlog, facts, by=here.user_id)
    if as_json:
        output.print_json({"id": organization_id, "slug": slug})
    else:
        output.say(f"added {slug} ({organization_id})")
        output.say(
            f"next: flashlog user add NAME --organization {slug} --role administrator"
        )


@organization.command("list")
@json_option
@pass_here
def list_(here: Here, *, as_json: bool) -> None:
    """List all organizations, newest first.

    \b
    Example:
      flashlog organization list --json | jq -r '.[].slug'
    """
    rows = here.flashlog.views.all("organization")
    if as_json:
        shown = ("id", "slug", "name", "is_active", "description", "created")
        output.print_json(
            [
                {name: row[name] for name in shown}
                | {"is_active": bool(row["is_active"])}
                for row in rows
            ]
        )
        return
    output.print_table(
        ["SLUG", "NAME", "ACTIVE", "ADDED"],
        [
            (
                row["slug"],
                row["name"],
                "yes" if row["is_active"] else "no",
                output.moment(row["created"]),
            )
            for row in rows
        ],
        empty="no organizations yet: flashlog organization add SLUG",
    )
