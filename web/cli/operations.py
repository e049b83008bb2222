"""`flashlog operation`: upgrades that go on or have ended."""

import click

from application.queries.operations import STATUSES
from web.cli import completing, output
from web.cli.arguments import operation_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option, limit_option
from web.cli.installation.ports import Installation
from web.cli.showing import print_operations, print_story
from web.cli.working import go_on, look_on


@click.group()
def operation() -> None:
    """See, cancel and repeat upgrades.

    An OPERATION is meant by its id or the beginning of it (six characters or more).
    """


@operation.command("list")
@click.option(
    "--device",
    "device_name",
    metavar="DEVICE",
    help="Only of this router.",
    shell_complete=completing.devices,
)
@click.option("--status", type=click.Choice(STATUSES), help="Only with this status.")
@limit_option
@json_option
@pass_installation
def list_(
    installation: Installation,
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
    device_id = None
    if device_name:
        device_id = installation.inventory.find_device(device_name)
    rows = installation.operations.list(device_id=device_id, status=status, limit=limit)
    if as_json:
        output.print_json(rows)
    else:
        print_operations(rows)


@operation.command()
@operation_argument
@json_option
@pass_installation
def show(installation: Installation, *, operation_id: str, as_json: bool) -> None:
    """Show an operation and its whole story.

    \b
    Example:
      flashlog operation show 3f2a9c
    """
    operations = installation.operations
    found = operations.find(operation_id)
    story = operations.story(found)
    row = operations.show(found)
    if as_json:
        output.print_json(row | {"story": story})
        return
    print_story(row, story)


@operation.command()
@operation_argument
@json_option
@pass_installation
def watch(installation: Installation, *, operation_id: str, as_json: bool) -> int:
    """Follow an operation to its end.

    The exit status says how it ended. Ctrl-C ends the watching, not the operation.

    \b
    Example:
      flashlog operation watch 3f2a9c
    """
    operations = installation.operations
    found = operations.find(operation_id)
    row = operations.show(found)
    if row["status"] == "in-progress" and not installation.is_worked:
        output.notice(
            "no service is running here, so nothing may happen: start `flashlog serve`"
        )
    return look_on(installation, found, as_json=as_json)


@operation.command()
@operation_argument
@json_option
@pass_installation
def cancel(installation: Installation, *, operation_id: str, as_json: bool) -> None:
    """Stop an upgrade before its flash; the router stays as it was.

    Once the flash has begun this is refused, since stopping then could ruin the
    router. What was taken (services, Wi-Fi, the uploaded file) is given back.

    \b
    Example:
      flashlog operation cancel 3f2a9c
    """
    operations = installation.operations
    found = operations.find(operation_id)
    operations.cancel(found)
    row = operations.show(found)
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
@pass_installation
def retry(
    installation: Installation,
    *,
    operation_id: str,
    wants_watch: bool,
    as_json: bool,
) -> int:
    """Start the same upgrade again, as a new operation.

    The new one names the old one, whose story stays as it is.

    \b
    Example:
      flashlog operation retry 3f2a9c --watch
    """
    operations = installation.operations
    new = operations.retry(operations.find(operation_id))
    return go_on(installation, new, wants_watch=wants_watch, as_json=as_json)


@operation.command()
@operation_argument
@click.option("--watch", "wants_watch", is_flag=True, help="Follow it to its end.")
@json_option
@pass_installation
def resume(
    installation: Installation,
    *,
    operation_id: str,
    wants_watch: bool,
    as_json: bool,
) -> int:
    """Let an operation go on that is held for a person.

    After `flashlog restore` everything in progress is held: look at the router first
    (`flashlog device check`), then resume or cancel.

    \b
    Example:
      flashlog operation resume 3f2a9c
    """
    operations = installation.operations
    found = operations.find(operation_id)
    operations.resume(found)
    return go_on(installation, found, wants_watch=wants_watch, as_json=as_json)
