"""`flashlog operation`: upgrades that go on or have ended."""

import click

from application.commands.operations import (
    cancel_operation,
    resume_operation,
    retry_operation,
)
from application.queries.finding import find_operation
from application.queries.operations import STATUSES
from application.queries.overview import operation_by_name, operations_by_name
from application.watch import moments
from web.cli import output, watching
from web.cli.here import Here, json_option, limit_option, pass_here
from web.cli.showing import print_operations, print_story
from web.cli.working import give_back, go_on

operation_argument = click.argument("operation_id", metavar="OPERATION")


@click.group()
def operation() -> None:
    """See, cancel and repeat upgrades.

    An OPERATION is meant by its id or the beginning of it (six characters or more).
    """


@operation.command("list")
@click.option("--device", "device_name", metavar="DEVICE", help="Only of this router.")
@click.option("--status", type=click.Choice(STATUSES), help="Only with this status.")
@limit_option
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
    rows = operations_by_name(
        here.flashlog, device_id=device_id, status=status, limit=limit
    )
    if as_json:
        output.print_json(rows)
    else:
        print_operations(rows)


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
    row = operation_by_name(here.flashlog, found)
    if as_json:
        output.print_json(row | {"story": story})
        return
    print_story(row, story)


@operation.command()
@operation_argument
@json_option
@pass_here
def watch(here: Here, *, operation_id: str, as_json: bool) -> int:
    """Follow an operation to its end.

    The exit status says how it ended. Ctrl-C ends the watching, not the operation.

    \b
    Example:
      flashlog operation watch 3f2a9c
    """
    found = find_operation(here.flashlog, operation_id)
    row = operation_by_name(here.flashlog, found)
    if row["status"] == "in-progress" and not here.flashlog.is_worked():
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
    give_back(here.flashlog, found)
    row = operation_by_name(here.flashlog, found)
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
    """Start the same upgrade again, as a new operation.

    The new one names the old one, whose story stays as it is.

    \b
    Example:
      flashlog operation retry 3f2a9c --watch
    """
    found = find_operation(here.flashlog, operation_id)
    new = retry_operation(here.flashlog, operation_id=found, by=here.user_id)
    return go_on(here.flashlog, new, wants_watch=wants_watch, as_json=as_json)


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
    return go_on(here.flashlog, found, wants_watch=wants_watch, as_json=as_json)
