"""`flashlog audit show`: what happened to a thing, and what it was then."""

import click

from web.cli import output
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.past import KINDS
from web.cli.installation.ports import Installation, Row

# What of a row says most of the thing at a glance.
_TOLD = ("name", "file_name", "status", "phase", "progress", "release", "revision")


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.argument("name", metavar="NAME|ID")
@click.option(
    "--as-of",
    metavar="MOMENT",
    help="A position of the log or a date/time: what was known then.",
)
@json_option
@pass_installation
def show(
    installation: Installation,
    *,
    kind: str,
    name: str,
    as_of: str | None,
    as_json: bool,
) -> None:
    """Tell all that happened to a thing, event by event.

    Oldest first. A device and a mass upgrade are told with their upgrades. What was
    deleted is found by its id.

    \b
    Examples:
      flashlog audit show device roof-7
      flashlog audit show operation 3f2a9c --as-of 2026-05-01T12:00:00Z
      flashlog audit show user admin --json | jq -r '.events[].type'
    """
    found = installation.past.history(kind, name, as_of=as_of)
    if as_json:
        output.print_json(
            {
                "kind": kind,
                "id": found.thing_id,
                "as_of": found.as_of,
                "state": found.state,
                "events": found.events,
            }
        )
        return
    state = found.state or {}
    output.print_facts(
        {kind: found.thing_id, "as of": found.as_of}
        | {key: state.get(key) for key in _TOLD}
    )
    output.print_table(
        ["POSITION", "WHEN", "WHAT", "BY", "ATTEMPT"],
        [
            (
                each["position"],
                output.moment(each["time"]),
                each["line"],
                _who(each),
                each["attempt"] or "",
            )
            for each in found.events
        ],
        empty="nothing had happened to it yet",
    )


def _who(each: Row) -> str:
    return str(each["by_name"] or each["by"] or "")
