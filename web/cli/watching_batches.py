"""Show a mass upgrade as it goes on: a bar for people, lines for pipes, JSON lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from uuid import UUID

from rich.text import Text

from web.cli import exits, output
from web.cli.installation.ports import Batches, Installation, Row
from web.cli.working import goes_on_without_us

_ENDED = ("success", "failed", "aborted", "cancelled")
# Routers that ended like that are named: a person may have to look.
_NAMED = ("failed", "aborted")
# What has changed when there is something to tell.
_TOLD = ("status", "held", "in_progress", *_ENDED)
_ID_SHOWN = 8


def follow_or_work(installation: Installation, batch_id: UUID, *, as_json: bool) -> int:
    """Show a batch to its end; the work is done here where nobody else does it."""
    works = not installation.is_worked
    if works:
        output.notice("no service is running, so this command does the work itself")
    batches = installation.batches
    last: Row = {}
    with (
        nullcontext() if works else goes_on_without_us(f"batch watch {batch_id}"),
        _screen(batches, batches.show(batch_id), as_json=as_json) as show,
    ):
        for row in batches.follow(batch_id, works=works):
            if [row[name] for name in _TOLD] != [last.get(name) for name in _TOLD]:
                show(row, last)
            last = row
    if not as_json:
        held = f", held: {last['held']}" if last["held"] else ""
        output.say(f"batch {batch_id}: {last['status']}{held}")
    return exits.exit_of_status(last["status"])


def summary(row: Row) -> str:
    """Say how many of its routers are done with."""
    return f"{_done(row)} of {row['target_count']}"


def _done(row: Row) -> int:
    return sum(row[name] for name in _ENDED)


# Shows a batch as it is now, and as it was when it was shown last (empty: never).
Show = Callable[[Row, Row], None]


@contextmanager
def _screen(batches: Batches, batch: Row, *, as_json: bool) -> Iterator[Show]:
    console = output.console()
    if as_json:
        yield lambda row, _: output.print_json(row)
    elif not console.is_terminal:

        def print_line(row: Row, last: Row) -> None:
            for when, ending in _endings(batches, row, last):
                output.tell(console, when, ending)
            output.say(_line(row))

        yield print_line
    else:
        with output.Bar(console, batch["build_version"]) as shown:

            def draw(row: Row, last: Row) -> None:
                for when, ending in _endings(batches, row, last):
                    output.tell(console, when, ending)
                shown.move(_done(row), total=row["target_count"], below=_counts(row))

            yield draw


def _endings(batches: Batches, row: Row, last: Row) -> Iterator[tuple[str, Text]]:
    """Name the routers that have failed or were aborted since the last time."""
    if not last:
        return
    for status in _NAMED:
        news = row[status] - last[status]
        if news <= 0:
            continue
        found = batches.ended(UUID(row["id"]), status=status, limit=news)
        for each in reversed(found):
            ending = Text(status, style=output.STYLES[status])
            ending.append(f"  {each['device']} (operation {each['id'][:_ID_SHOWN]})")
            yield output.moment(each["modified"]).partition(" ")[2], ending


def _counts(row: Row) -> Text:
    """Say how it stands; what is nought is dim."""
    words = Text(f"{summary(row)} done")
    for name in ("in_progress", *_ENDED):
        status = name.replace("_", "-")
        style = output.STYLES[status] if row[name] else "dim"
        words.append(f"  {row[name]} {status}", style=style)
    if row["held"]:
        words.append(f"\nHELD: {row['held']}", style="bold red")
    return words


def _line(row: Row) -> str:
    held = f", HELD: {row['held']}" if row["held"] else ""
    return (
        f"{row['status']}: {summary(row)} done, {row['success']} success, "
        f"{row['failed']} failed, {row['aborted']} aborted, "
        f"{row['cancelled']} cancelled{held}"
    )
