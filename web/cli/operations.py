"""`flashlog operation`: upgrades that go on or have ended."""

import json
from collections.abc import Sequence
from threading import Event
from time import monotonic, sleep
from typing import Any
from uuid import UUID

import click

from application.commands.operations import (
    cancel_operation,
    resume_operation,
    retry_operation,
)
from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.foreground import run_operation
from application.queries.finding import find_operation
from application.watch import Moment, moments
from web.cli import exits, output, watching
from web.cli.here import Here, json_option, pass_here

_STATUSES = ("in-progress", "success", "failed", "aborted", "cancelled")
_SHOWN_MAX = 50
# How long to wait for the service to give back what a cancelled upgrade had taken.
_GIVE_BACK_SECONDS = 5.0
_LOOK_SECONDS = 0.1

operation_argument = click.argument("operation_id", metavar="OPERATION")


@click.group()
def operation() -> None:
    """See, cancel and repeat upgrades.

    An OPERATION is meant by its id or the beginning of it (six characters or more).
    """


@operation.command("list")
@click.option("--device", "device_name", metavar="DEVICE", help="Only of this router.")
@click.option("--status", type=click.Choice(_STATUSES), help="Only with this status.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_SHOWN_MAX,
    show_default=True,
    help="How many at most.",
)
@json_option
@pass_here
def list_(
    here: Here,
    *,
    device_name: str | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List operations, newest first.

    \b
    Example:
      flashlog operation list --status failed
    """
    device_id = here.device(device_name) if device_name else None
    rows = operation_rows(
        here.flashlog, device_id=device_id, status=status, limit=limit
    )
    print_operations(rows, as_json=as_json, empty="there is no such operation")


@operation.command()
@operation_argument
@json_option
@pass_here
def show(here: Here, *, operation_id: str, as_json: bool) -> None:
    """Show an operation and its whole story.

    \b
    Example:
      flashlog operation show 3f2a9c
    """
    found = find_operation(here.flashlog, operation_id)
    story = moments(here.flashlog, found)
    row = operation_row(here.flashlog, found)
    if as_json:
        output.print_json(row | {"story": story})
        return
    print_story(row, story)


@operation.command()
@operation_argument
@json_option
@pass_here
def watch(here: Here, *, operation_id: str, as_json: bool) -> int:
    """Follow an operation until it ends; the exit status says how it ended.

    Ctrl-C ends the watching, not the operation.

    \b
    Example:
      flashlog operation watch 3f2a9c
    """
    found = find_operation(here.flashlog, operation_id)
    row = operation_row(here.flashlog, found)
    if row["status"] == "in-progress" and not here.flashlog.is_served():
        output.notice(
            "no service is running here, so nothing may happen: start `flashlog serve`"
        )
    return watching.follow(here.flashlog, found, as_json=as_json)


@operation.command()
@operation_argument
@json_option
@pass_here
def cancel(here: Here, *, operation_id: str, as_json: bool) -> None:
    """Stop an upgrade before its flash; the router stays as it was.

    Once the flash has begun this is refused, since stopping then could ruin the
    router. What was taken (services, Wi-Fi, the uploaded file) is given back.

    \b
    Example:
      flashlog operation cancel 3f2a9c
    """
    found = find_operation(here.flashlog, operation_id)
    cancel_operation(here.flashlog, operation_id=found, by=here.user_id)
    _give_back(here.flashlog, found)
    row = operation_row(here.flashlog, found)
    if as_json:
        output.print_json(row)
        return
    output.say(f"cancelled {found}: no flash was or will be begun")
    if row["owed"]:
        output.say(
            f"still owed to the router: {row['owed']}; it is given back as soon as "
            "the router answers a running service"
        )


@operation.command()
@operation_argument
@click.option("--watch", "wants_watch", is_flag=True, help="Follow it to its end.")
@json_option
@pass_here
def retry(here: Here, *, operation_id: str, wants_watch: bool, as_json: bool) -> int:
    """Start the same upgrade again, as a new operation that names the old one.

    \b
    Example:
      flashlog operation retry 3f2a9c --watch
    """
    found = find_operation(here.flashlog, operation_id)
    new = retry_operation(here.flashlog, operation_id=found, by=here.user_id)
    return go_on(here, new, wants_watch=wants_watch, as_json=as_json)


@operation.command()
@operation_argument
@click.option("--watch", "wants_watch", is_flag=True, help="Follow it to its end.")
@json_option
@pass_here
def resume(here: Here, *, operation_id: str, wants_watch: bool, as_json: bool) -> int:
    """Let an operation go on that is held for a person.

    After `flashlog restore` everything in progress is held: look at the router first
    (`flashlog device check`), then resume or cancel.

    \b
    Example:
      flashlog operation resume 3f2a9c
    """
    found = find_operation(here.flashlog, operation_id)
    resume_operation(here.flashlog, operation_id=found, by=here.user_id)
    return go_on(here, found, wants_watch=wants_watch, as_json=as_json)


def go_on(here: Here, operation_id: UUID, *, wants_watch: bool, as_json: bool) -> int:
    """Leave a started operation to the service, or run it here where there is none."""
    flashlog = here.flashlog
    if not flashlog.is_served():
        output.notice(
            "no service is running, so this command does the work itself: "
            f"operation {operation_id}"
        )
        try:
            return watching.run_and_follow(flashlog, operation_id, as_json=as_json)
        except KeyboardInterrupt:
            output.notice(
                "\nstopped here, not cancelled: `flashlog serve` goes on with it, "
                f"`flashlog operation cancel {operation_id}` ends it"
            )
            raise
    if wants_watch:
        return watching.follow(flashlog, operation_id, as_json=as_json)
    row = operation_row(flashlog, operation_id)
    if as_json:
        output.print_json(row)
    else:
        output.say(f"started operation {operation_id}")
        output.say(f"follow it: flashlog operation watch {operation_id}")
    is_over = row["status"] != "in-progress"
    return exits.exit_of_status(row["status"]) if is_over else exits.DONE


def operation_rows(
    flashlog: Flashlog,
    *,
    device_id: UUID | None = None,
    operation_id: UUID | None = None,
    status: str | None = None,
    limit: int = _SHOWN_MAX,
) -> list[dict[str, Any]]:
    """Operations with the names of what they are about, newest first."""
    rows = flashlog.views.rows(
        "SELECT operation.*, device.name AS device, image.file_name AS image,"
        " build.version AS version"
        " FROM operation LEFT JOIN device ON device.id = operation.device_id"
        " LEFT JOIN image ON image.id = operation.image_id"
        " LEFT JOIN build ON build.id = image.build_id"
        " WHERE (?1 IS NULL OR operation.device_id = ?1)"
        " AND (?2 IS NULL OR operation.status = ?2)"
        " AND (?3 IS NULL OR operation.id = ?3)"
        " ORDER BY operation.position DESC LIMIT ?4",
        [_text(device_id), status, _text(operation_id), limit],
    )
    for row in rows:
        row["options"] = json.loads(row["options"])
        row["cancellable"] = bool(row["cancellable"])
    return rows


def operation_row(flashlog: Flashlog, operation_id: UUID) -> dict[str, Any]:
    """One operation as JSON shows it. Raises NotFoundError."""
    rows = operation_rows(flashlog, operation_id=operation_id)
    if not rows:
        msg = f"the operation {operation_id} is not shown yet: try again"
        raise NotFoundError(msg)
    return rows[0]


def print_operations(
    rows: Sequence[dict[str, Any]], *, as_json: bool, empty: str
) -> None:
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["OPERATION", "STARTED", "DEVICE", "VERSION", "STATUS", "PHASE", "%"],
        [
            (
                row["id"][:8],
                output.moment(row["created"]),
                row["device"],
                row["version"] or row["image"],
                output.styled_status(row["status"]),
                row["phase"] if row["status"] == "in-progress" else "",
                row["progress"],
            )
            for row in rows
        ],
        empty=empty,
    )


def print_story(row: dict[str, Any], story: Sequence[Moment]) -> None:
    output.print_facts(
        {
            "operation": row["id"],
            "started by": story[0].by,
            "device": row["device"],
            "image": f"{row['image']} ({row['version']})",
            "options": [name for name, on in row["options"].items() if on],
            "retry of": row["retry_of"],
            "status": output.styled_status(row["status"]),
            "phase": row["phase"] if row["status"] == "in-progress" else "",
            "progress": f"{row['progress']}%",
            "owed to the router": row["owed"],
            "given up": row["given_up"],
        }
    )
    output.say()
    for moment in story:
        if moment.line:
            by = f" ({moment.by})" if moment.by else ""
            output.say(f"{output.moment(moment.at)}  {moment.line}{by}")


def _give_back(flashlog: Flashlog, operation_id: UUID) -> None:
    """See what is owed given back: by the service, or by this process without one."""
    if flashlog.is_served():
        deadline = monotonic() + _GIVE_BACK_SECONDS
        while not moments(flashlog, operation_id)[-1].is_over:
            if monotonic() > deadline:
                return
            sleep(_LOOK_SECONDS)
        flashlog.show(flashlog.log.end())
        return
    stop = Event()
    while not (story := moments(flashlog, operation_id))[-1].is_over:
        before = len(story)
        run_operation(flashlog, operation_id, stop)
        if len(moments(flashlog, operation_id)) == before:
            return


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
