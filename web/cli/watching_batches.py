"""Show a mass upgrade as it goes on: a bar for people, lines for pipes, JSON lines."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import sleep
from typing import Any
from uuid import UUID

from rich.markup import escape

from application.flashlog import Flashlog
from application.foreground import run_all
from application.queries.finding_batches import batch_row
from web.cli import exits, output

_LOOK_SECONDS = 0.2
_GOING_ON = {"idle", "in-progress"}
# What has changed when there is something to tell.
_TOLD = ("status", "held", "in_progress", "success", "failed", "aborted", "cancelled")


def follow(flashlog: Flashlog, batch_id: UUID, *, as_json: bool) -> int:
    """Show a batch until it has ended or nothing goes on; returns the exit status."""
    last: dict[str, Any] = {}
    with _screen(as_json=as_json) as show:
        while not last or _goes_on(flashlog, last):
            flashlog.show(flashlog.log.end())
            row = batch_row(flashlog, batch_id)
            if [row[name] for name in _TOLD] != [last.get(name) for name in _TOLD]:
                show(row)
            last = row
            sleep(_LOOK_SECONDS)
    if not as_json:
        held = f", held: {last['held']}" if last["held"] else ""
        output.say(f"batch {batch_id}: {last['status']}{held}")
    if last["status"] in _GOING_ON:
        return exits.STILL_RUNNING
    return exits.exit_of_status(last["status"])


def follow_or_work(flashlog: Flashlog, batch_id: UUID, *, as_json: bool) -> int:
    """Show a batch to its end; the work is done here where nobody else does it."""
    if flashlog.is_worked():
        return follow(flashlog, batch_id, as_json=as_json)
    output.notice("no service is running, so this command does the work itself")
    stop = Event()
    # A daemon: Ctrl-C must not wait for an upload; whoever runs next goes on.
    worker = Thread(target=run_all, args=(flashlog, stop), daemon=True)
    worker.start()
    status = follow(flashlog, batch_id, as_json=as_json)
    stop.set()
    worker.join()
    return status


def summary(row: dict[str, Any]) -> str:
    """Say how many of its routers are done with."""
    return f"{_done(row)} of {row['target_count']}"


def _done(row: dict[str, Any]) -> int:
    return sum(row[name] for name in ("success", "failed", "aborted", "cancelled"))


def _goes_on(flashlog: Flashlog, row: dict[str, Any]) -> bool:
    """Whether it is worth watching: a held one only while routers are rebooting."""
    if row["status"] not in _GOING_ON:
        return False
    if not row["held"]:
        return True
    return bool(
        flashlog.views.rows(
            "SELECT 1 FROM due WHERE batch_id = ? AND stage <> 'parked' LIMIT 1",
            [row["id"]],
        )
    )


@contextmanager
def _screen(*, as_json: bool) -> Iterator[Callable[[dict[str, Any]], None]]:
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


def _line(row: dict[str, Any]) -> str:
    held = f", HELD: {row['held']}" if row["held"] else ""
    return (
        f"{row['status']}: {summary(row)} done, {row['success']} success, "
        f"{row['failed']} failed, {row['aborted']} aborted, "
        f"{row['cancelled']} cancelled{held}"
    )
