"""`flashlog audit replay`: an upgrade again, as it happened."""

import re
import time
from collections.abc import Iterator, Sequence

import click

from application.errors import NotFoundError
from application.watch import Moment
from web.cli import output, watching
from web.cli.arguments import operation_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation

_SPEED = re.compile(r"([0-9]+(?:\.[0-9]+)?)x?")
# Who waits for hours to pass again learns nothing by it.
_PAUSE_SECONDS_MAX = 2.0


class _Speed(click.ParamType[float]):
    name = "speed"

    def convert(
        self,
        value: object,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        found = _SPEED.fullmatch(str(value))
        if found is None or not float(found.group(1)):
            self.fail(f"{value!r} is no speed, such as 10x or 0.5x", param, ctx)
        return float(found.group(1))


@click.command()
@operation_argument
@click.option(
    "--at", type=click.IntRange(min=1), metavar="N", help="Only up to its Nth event."
)
@click.option(
    "--speed",
    type=_Speed(),
    default="10x",
    show_default=True,
    help="How much faster than it happened.",
)
@json_option
@pass_installation
def replay(
    installation: Installation,
    *,
    operation_id: str,
    at: int | None,
    speed: float,
    as_json: bool,
) -> int:
    """Show an upgrade again as it happened, from the log alone.

    No router is asked. Pauses are cut to two seconds; where nobody looks on at a
    terminal there are none. Exits as `operation watch` did.

    \b
    Examples:
      flashlog audit replay 3f2a9c
      flashlog audit replay 3f2a9c --at 12 --json
    """
    operations = installation.operations
    found = operations.find(operation_id)
    story = operations.story(found)
    if at is not None and at > len(story):
        msg = f"the operation has {len(story)} events: there is no number {at}"
        raise NotFoundError(msg)
    told = story[:at]
    is_watched = output.console().is_terminal and not as_json
    paced = _paced(told, speed) if is_watched else iter(told)
    title = str(operations.show(found)["device"] or "")
    return watching.follow(paced, found, title=title, as_json=as_json)


def _paced(told: Sequence[Moment], speed: float) -> Iterator[Moment]:
    """Give each moment when it comes, as much sooner as the speed says."""
    before = told[0].at
    for moment in told:
        pause = (moment.at - before).total_seconds() / speed
        time.sleep(min(max(pause, 0.0), _PAUSE_SECONDS_MAX))
        before = moment.at
        yield moment
