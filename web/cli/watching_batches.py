"""Show a mass upgrade as it goes on: a bar for people, lines for pipes, JSON lines."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from rich.markup import escape

from web.cli import exits, output
from web.cli.installation.ports import Installation, Row

# What has changed when there is something to tell.
_TOLD = ("status", "held", "in_progress", "success", "failed", "aborted", "cancelled")


def follow(told: Iterable[Row], batch_id: UUID, *, as_json: bool) -> int:
    """Show a batch until it has ended or nothing goes on; returns the exit status."""
    last: Row = {}
    with _screen(as_json=as_json) as show:
        for row in told:
            if [row[name] for name in _TOLD] != [last.get(name) for name in _TOLD]:
                show(row)
            last = row
    if not as_json:
        held = f", held: {last['held']}" if last["held"] else ""
        output.say(f"batch {batch_id}: {last['status']}{held}")
    return exits.exit_of_status(last["status"])


def follow_or_work(installation: Installation, batch_id: UUID, *, as_json: bool) -> int:
    """Show a batch to its end; the work is done here where nobody else does it."""
    works = not installation.is_worked
    if works:
        output.notice("no service is running, so this command does the work itself")
    told = installation.batches.follow(batch_id, works=works)
    return follow(told, batch_id, as_json=as_json)


def summary(row: Row) -> str:
    """Say how many of its routers are done with."""
    return f"{_done(row)} of {row['target_count']}"


def _done(row: Row) -> int:
    return sum(row[name] for name in ("success", "failed", "aborted", "cancelled"))


@contextmanager
def _screen(*, as_json: bool) -> Iterator[Callable[[Row], None]]:
    console = output.console()
    if as_json:
        yield output.print_json
    elif not console.is_terminal:
        yield lambda row: output.say(_line(row))
    else:
        with output.bar(console) as progress:
            task = progress.add_task("", total=100)
            yield lambda row: progress.update(
                task,
                description=escape(_line(row)),
                completed=_done(row),
                total=row["target_count"],
            )


def _line(row: Row) -> str:
    held = f", HELD: {row['held']}" if row["held"] else ""
    return (
        f"{row['status']}: {summary(row)} done, {row['success']} success, "
        f"{row['failed']} failed, {row['aborted']} aborted, "
        f"{row['cancelled']} cancelled{held}"
    )
