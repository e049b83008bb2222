"""`flashlog device history`: everything that happened to one router."""

import click

from web.cli import output
from web.cli.arguments import device_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation, Row


@click.command()
@device_argument
@json_option
@pass_installation
def history(installation: Installation, *, name: str, as_json: bool) -> None:
    """Tell all that happened to a router, a line each, newest first.

    Registered, visited, enrolled, its host key, every upgrade and how it ended, what
    was written off: all with the name of whoever did it.

    \b
    Examples:
      flashlog device history roof-7
      flashlog device history roof-7 --json | jq -r '.[] | select(.status=="failed")'
    """
    inventory = installation.inventory
    happened = inventory.history(inventory.find_device(name))
    if as_json:
        output.print_json(happened)
        return
    output.print_table(
        ["WHEN", "WHAT", "BY", "OPERATION"],
        [
            (output.moment(each["at"]), each["line"], each["by"], _short(each))
            for each in happened
        ],
        empty="nothing happened to it yet",
    )


def _short(each: Row) -> str:
    return str(each["operation_id"] or "")[:8]
