"""`flashlog batch`: upgrade every router that a build is for."""

from uuid import UUID

import click

from application.queries.batches import BATCH_STATUSES
from web.cli import output
from web.cli.arguments import batch_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option, limit_option
from web.cli.installation.ports import Installation, Row
from web.cli.starting_batches import check, start
from web.cli.watching_batches import follow_or_work, summary


@click.group()
def batch() -> None:
    """Upgrade every router that a build is for.

    A BUILD is meant by its version, by CATEGORY/VERSION, or by its id; a BATCH by its
    id or the beginning of it (six characters or more).

    A batch holds itself when too many routers fail after their flash: then no further
    flash begins until a person resumes it.
    """


batch.add_command(check)
batch.add_command(start)


@batch.command("list")
@click.option("--status", type=click.Choice(BATCH_STATUSES), help="Only with this.")
@limit_option
@json_option
@pass_installation
def list_(
    installation: Installation, *, status: str | None, limit: int, as_json: bool
) -> None:
    """List mass upgrades, newest first.

    \b
    Example:
      flashlog batch list --status in-progress
    """
    rows = installation.batches.list(status=status, limit=limit)
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["BATCH", "STARTED", "BUILD", "STATUS", "DONE", "FAILED", "HELD"],
        [
            (
                row["id"][:8],
                output.moment(row["created"]),
                f"{row['category_name']}/{row['build_version']}",
                output.styled_status(row["status"]),
                summary(row),
                row["failed"] + row["aborted"],
                row["held"],
            )
            for row in rows
        ],
        empty="there is no such batch",
    )


@batch.command()
@batch_argument
@json_option
@pass_installation
def show(installation: Installation, *, batch_id: str, as_json: bool) -> None:
    """Show how far a mass upgrade is.

    \b
    Example:
      flashlog batch show 3f2a9c
    """
    batches = installation.batches
    facts = batches.show(batches.find(batch_id))
    if as_json:
        output.print_json(facts)
    else:
        _print(facts)


@batch.command()
@batch_argument
@json_option
@pass_installation
def watch(installation: Installation, *, batch_id: str, as_json: bool) -> int:
    """Follow a mass upgrade until it has ended or is held.

    The exit status says how it ended. Where no service is running, the work is done
    in this process. Ctrl-C ends the watching, not the batch.

    \b
    Example:
      flashlog batch watch 3f2a9c
    """
    found = installation.batches.find(batch_id)
    return follow_or_work(installation, found, as_json=as_json)


@batch.command()
@batch_argument
@click.option("--reason", default="", help="Told to those who find it held.")
@json_option
@pass_installation
def hold(
    installation: Installation, *, batch_id: str, reason: str, as_json: bool
) -> None:
    """Let no further flash begin until it is resumed.

    Routers that were flashed are looked after all the same.

    \b
    Example:
      flashlog batch hold 3f2a9c --reason "looking at roof-7"
    """
    found = installation.batches.find(batch_id)
    installation.batches.hold(found, reason)
    _tell(installation, found, "held: no further flash begins", as_json=as_json)


@batch.command()
@batch_argument
@json_option
@pass_installation
def resume(installation: Installation, *, batch_id: str, as_json: bool) -> None:
    """Let flashes begin again; failures are counted anew.

    \b
    Example:
      flashlog batch resume 3f2a9c
    """
    found = installation.batches.find(batch_id)
    installation.batches.resume(found)
    _tell(installation, found, "resumed", as_json=as_json)


@batch.command()
@batch_argument
@json_option
@pass_installation
def cancel(installation: Installation, *, batch_id: str, as_json: bool) -> None:
    """Let no further flash begin, and cancel all that still can be.

    Routers whose flash has begun are looked after to their end.

    \b
    Example:
      flashlog batch cancel 3f2a9c
    """
    found = installation.batches.find(batch_id)
    installation.batches.cancel(found)
    _tell(installation, found, "cancelled: no further flash begins", as_json=as_json)


def _tell(
    installation: Installation, batch_id: UUID, text: str, *, as_json: bool
) -> None:
    if as_json:
        output.print_json(installation.batches.show(batch_id))
    else:
        output.say(f"batch {batch_id} is {text}")


def _print(row: Row) -> None:
    output.print_facts(
        {
            "batch": row["id"],
            "build": f"{row['category_name']}/{row['build_version']}",
            "status": output.styled_status(row["status"]),
            "held": row["held"],
            "done": summary(row),
            "success": row["success"],
            "failed": row["failed"],
            "aborted": row["aborted"],
            "cancelled": row["cancelled"],
            "uploads at once": row["uploads_max"],
            "at one location": row["uploads_per_location_max"],
            "reboots at once": row["reboots_max"],
            "holds itself after": row["failures_max"] or "never",
            "started": output.moment(row["created"]),
        }
    )
