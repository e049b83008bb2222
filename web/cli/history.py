"""`flashlog device history`: everything that happened to one router."""

import click

from application.queries.history import Happening, device_history
from web.cli import output
from web.cli.arguments import device_argument
from web.cli.here import Here, json_option, pass_here


@click.command()
@device_argument
@json_option
@pass_here
def history(here: Here, *, name: str, as_json: bool) -> None:
    """Tell all that happened to a router, a line each, newest first.

    Registered, visited, enrolled, its host key, every upgrade and how it ended, what
    was written off: all with the name of whoever did it.

    \b
    Examples:
      flashlog device history roof-7
      flashlog device history roof-7 --json | jq -r '.[] | select(.status=="failed")'
    """
    happened = device_history(here.flashlog, here.device(name))
    if as_json:
        output.print_json(happened)
        return
    output.print_table(
        ["WHEN", "WHAT", "BY", "OPERATION"],
        [
            (output.moment(each.at), each.line, each.by, _short(each))
            for each in happened
        ],
        empty="nothing happened to it yet",
    )


def _short(each: Happening) -> str:
    return str(each.operation_id)[:8] if each.operation_id else ""
