"""What is left on the screen when the demo ends: a table, and the four stories."""

import re
from collections.abc import Sequence
from uuid import UUID

from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from application.flashlog import Flashlog
from application.watch import Moment, moments
from web.cli import output
from web.cli.demo.stage import Ending

_LONG_HEX = re.compile(
    r"\b([0-9a-f]{8})(?:[0-9a-f]{8,}|(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
# What a person needs to follow a story; `flashlog operation show` tells all of it.
_ESSENTIAL = {
    "IdentityVerified",
    "ServicesStopBegun",
    "ServicesRestored",
    "Uploaded",
    "FlashBegun",
    "Reconnected",
    "OutcomeVerified",
    "Failed",
    "Aborted",
    "Cancelled",
}


def print_report(
    console: Console, endings: Sequence[Ending], flashlog: Flashlog
) -> None:
    """Print the table and each operation's story in one screen."""
    console.print()
    console.print(_table(endings))
    console.print()
    for ending in endings:
        console.print(_story(ending, flashlog))


def _table(endings: Sequence[Ending]) -> RenderableType:
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in ("ROUTER", "REHEARSED", "ENDED", "THE ROUTER ITSELF SAYS", ""):
        table.add_column(column)
    for ending in endings:
        scene, truth = ending.actor.scene, ending.truth
        table.add_row(
            Text.assemble(
                (scene.name, "bold"), " (real)" if ending.actor.is_real else ""
            ),
            scene.story,
            output.styled_status(ending.operation["status"]),
            f"{truth.flashes} flash{'' if truth.flashes == 1 else 'es'}, "
            f"{_services(ending)}, {'file left' if truth.left_files else 'file gone'}",
            Text("wrong", "bold red") if ending.complaints else Text("✓", "bold green"),
        )
    return table


def _services(ending: Ending) -> str:
    missing = ending.truth.missing_services
    if missing:
        return f"{len(missing)} services down"
    return f"all {len(ending.actor.services)} services up"


def _story(ending: Ending, flashlog: Flashlog) -> RenderableType:
    scene = ending.actor.scene
    story = moments(flashlog, UUID(ending.operation["id"]))
    status = output.styled_status(ending.operation["status"])
    head = Text.assemble((scene.name, "bold"), " ", status)
    lines = [_line(moment, story[0]) for moment in story if _is_told(moment, story)]
    wrong = [Text(f"  wrong: {each}", "bold red") for each in ending.complaints]
    return Group(head, *lines, *wrong)


def _is_told(moment: Moment, story: Sequence[Moment]) -> bool:
    """Leave out what is said twice: an upload that arrived, a file gone by a boot."""
    happened = {each.event for each in story}
    told_once = {"UploadBegun": "Uploaded", "UploadRemoved": "Reconnected"}
    if moment.event in told_once:
        return told_once[moment.event] not in happened
    return moment.event in _ESSENTIAL


def _line(moment: Moment, first: Moment) -> RenderableType:
    """One line for each step; only how it ended may take more than one."""
    seconds = (moment.at - first.at).total_seconds()
    is_end = moment.status != "in-progress" and moment.event != "UploadRemoved"
    line = Table.grid(padding=(0, 2, 0, 0), expand=True)
    line.add_column(style="dim", justify="right", min_width=8, no_wrap=True)
    line.add_column(no_wrap=not is_end, overflow="ellipsis", ratio=1)
    line.add_row(f"{seconds:.1f} s", short(moment.line))
    return line


def short(text: str) -> str:
    """Cut hashes and ids to their beginning: nobody compares them on this screen."""
    return escape(_LONG_HEX.sub(r"\1…", text))
