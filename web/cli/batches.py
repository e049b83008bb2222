"""`flashlog batch`: upgrade every router that a build is for."""

import sys
from collections.abc import Callable, Sequence
from threading import Event, Thread
from typing import Any
from uuid import UUID

import click

from application.access import Account
from application.commands.batches import (
    Wish,
    cancel_batch,
    dangers,
    hold_batch,
    resume_batch,
    selected,
    start_batch,
)
from application.errors import RefusedError
from application.foreground import run_all
from application.queries.batches import BATCH_STATUSES, newest
from application.queries.finding_batches import (
    batch_row,
    find_batch,
    find_build,
    find_place,
)
from web.cli import exits, output
from web.cli.here import Here, json_option, pass_here
from web.cli.watching_batches import follow, summary

_LETTERS = ("c", "o", "n", "u", "p", "k", "F")
_SHOWN_MAX = 50

batch_argument = click.argument("batch_id", metavar="BATCH")
build_argument = click.argument("build", metavar="BUILD")


def _selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which routers are meant."""
    for option in (
        click.option(
            "--all",
            "upgrade_all",
            is_flag=True,
            help="Also routers that have no firmware record yet.",
        ),
        click.option("--location", metavar="LOCATION", help="Only routers there."),
        click.option("--group", metavar="GROUP", help="Only routers of this group."),
    ):
        command = option(command)
    return command


@click.group()
def batch() -> None:
    """Upgrade every router that a build is for.

    A BUILD is meant by its version, by CATEGORY/VERSION, or by its id; a BATCH by its
    id or the beginning of it (six characters or more).

    A batch holds itself when too many routers fail after their flash: then no further
    flash begins until a person resumes it.
    """


@batch.command()
@build_argument
@_selecting
@json_option
@pass_here
def check(
    here: Here,
    *,
    build: str,
    group: str | None,
    location: str | None,
    upgrade_all: bool,
    as_json: bool,
) -> None:
    """Show which routers would be upgraded, who is skipped and why.

    \b
    Examples:
      flashlog batch check 23.05.5
      flashlog batch check Wi-Fi/23.05.5 --location "Town hall" --all
    """
    build_id = find_build(here.flashlog, build)
    wish = _wish(here, group, location, upgrade_all=upgrade_all)
    found = selected(here.flashlog, _account(here), build_id, wish)
    if as_json:
        output.print_json(found)
        return
    warned = [each for each in found.chosen(upgrade_all=upgrade_all) if each.warning]
    output.say(
        f"{output.counted(len(found.related), 'router')} would be upgraded, "
        f"and with --all {len(found.firmwareless)} more without a firmware record"
    )
    output.print_table(
        ["ROUTER", "WHY IT IS SKIPPED OR WOULD BE ABORTED"],
        [(each.name, each.reason) for each in found.skipped]
        + [
            (_name(here, each.device_id), f"aborted: {each.warning}") for each in warned
        ],
        empty="none is skipped",
    )


@batch.command()
@build_argument
@_selecting
@click.option(
    "-o",
    "--option",
    "letters",
    type=click.Choice(_LETTERS),
    multiple=True,
    help="An option of sysupgrade, as for `flashlog upgrade`; may be given again.",
)
@click.option("--uploads-max", type=click.IntRange(min=1), help="Uploads at once.")
@click.option(
    "--uploads-per-location-max",
    type=click.IntRange(min=1),
    help="Uploads at once to one location.",
)
@click.option(
    "--reboots-max",
    type=click.IntRange(min=1),
    help="Routers at once between flash and verified outcome.",
)
@click.option(
    "--failures-max",
    type=click.IntRange(min=0),
    help="Failures after the flash before it holds itself; 0: never.",
)
@click.option(
    "--expendable",
    "expendable_packages",
    metavar="PACKAGE",
    multiple=True,
    help="A package that the routers may lose; may be given again.",
)
@click.option("--watch", "wants_watch", is_flag=True, help="Follow it to its end.")
@click.option(
    "--yes", "confirmed", metavar="VERSION", help="Confirm n or F by the version."
)
@json_option
@pass_here
def start(
    here: Here,
    /,
    *,
    build: str,
    group: str | None,
    location: str | None,
    upgrade_all: bool,
    letters: Sequence[str],
    wants_watch: bool,
    confirmed: str | None,
    as_json: bool,
    **wishes: Any,
) -> int:
    """Upgrade the routers that `flashlog batch check` shows.

    The limits are those of the settings unless given. Where no service is running,
    --watch does the work in this process.

    \b
    Examples:
      flashlog batch start 23.05.5 --watch
      flashlog batch start 23.05.5 --group pilots --failures-max 1 --uploads-max 2
    """
    build_id = find_build(here.flashlog, build)
    options = dict.fromkeys(letters, True)
    _confirm(here, build_id, dangers(options), confirmed)
    wish = _wish(
        here,
        group,
        location,
        upgrade_all=upgrade_all,
        options=options,
        **wishes,
    )
    batch_id = start_batch(here.flashlog, _account(here), build_id=build_id, wish=wish)
    if wants_watch:
        return _watch(here, batch_id, as_json=as_json)
    if as_json:
        output.print_json(_facts(here, batch_id))
    else:
        output.say(f"started batch {batch_id}")
    if not here.flashlog.is_worked():
        output.notice("no service is running here: start `flashlog serve`")
    return exits.DONE


@batch.command("list")
@click.option("--status", type=click.Choice(BATCH_STATUSES), help="Only with this.")
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    default=_SHOWN_MAX,
    show_default=True,
    help="How many at most.",
)
@json_option
@pass_here
def list_(here: Here, *, status: str | None, limit: int, as_json: bool) -> None:
    """List mass upgrades, newest first.

    \b
    Example:
      flashlog batch list --status in-progress
    """
    rows = newest(here.flashlog.views, status=status, limit=limit)
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
@pass_here
def show(here: Here, *, batch_id: str, as_json: bool) -> None:
    """Show how far a mass upgrade is.

    \b
    Example:
      flashlog batch show 3f2a9c
    """
    facts = _facts(here, find_batch(here.flashlog, batch_id))
    if as_json:
        output.print_json(facts)
    else:
        _print(facts)


@batch.command()
@batch_argument
@json_option
@pass_here
def watch(here: Here, *, batch_id: str, as_json: bool) -> int:
    """Follow a mass upgrade until it has ended or is held.

    The exit status says how it ended. Where no service is running, the work is done
    in this process. Ctrl-C ends the watching, not the batch.

    \b
    Example:
      flashlog batch watch 3f2a9c
    """
    return _watch(here, find_batch(here.flashlog, batch_id), as_json=as_json)


@batch.command()
@batch_argument
@click.option("--reason", default="", help="Told to those who find it held.")
@json_option
@pass_here
def hold(here: Here, *, batch_id: str, reason: str, as_json: bool) -> None:
    """Let no further flash begin until it is resumed.

    Routers that were flashed are looked after all the same.

    \b
    Example:
      flashlog batch hold 3f2a9c --reason "looking at roof-7"
    """
    found = find_batch(here.flashlog, batch_id)
    hold_batch(here.flashlog, batch_id=found, reason=reason, by=here.user_id)
    _tell(here, found, "held: no further flash begins", as_json=as_json)


@batch.command()
@batch_argument
@json_option
@pass_here
def resume(here: Here, *, batch_id: str, as_json: bool) -> None:
    """Let flashes begin again; failures are counted anew.

    \b
    Example:
      flashlog batch resume 3f2a9c
    """
    found = find_batch(here.flashlog, batch_id)
    resume_batch(here.flashlog, batch_id=found, by=here.user_id)
    _tell(here, found, "resumed", as_json=as_json)


@batch.command()
@batch_argument
@json_option
@pass_here
def cancel(here: Here, *, batch_id: str, as_json: bool) -> None:
    """Let no further flash begin, and cancel all that still can be.

    Routers whose flash has begun are looked after to their end.

    \b
    Example:
      flashlog batch cancel 3f2a9c
    """
    found = find_batch(here.flashlog, batch_id)
    cancel_batch(here.flashlog, batch_id=found, by=here.user_id)
    _tell(here, found, "cancelled: no further flash begins", as_json=as_json)


def _watch(here: Here, batch_id: UUID, *, as_json: bool) -> int:
    if here.flashlog.is_worked():
        return follow(here.flashlog, batch_id, as_json=as_json)
    output.notice("no service is running, so this command does the work itself")
    stop = Event()
    # A daemon: Ctrl-C must not wait for an upload; whoever runs next goes on.
    worker = Thread(target=run_all, args=(here.flashlog, stop), daemon=True)
    worker.start()
    status = follow(here.flashlog, batch_id, as_json=as_json)
    stop.set()
    worker.join()
    return status


def _tell(here: Here, batch_id: UUID, text: str, *, as_json: bool) -> None:
    if as_json:
        output.print_json(_facts(here, batch_id))
    else:
        output.say(f"batch {batch_id} is {text}")


def _facts(here: Here, batch_id: UUID) -> dict[str, Any]:
    return batch_row(here.flashlog, batch_id)


def _print(row: dict[str, Any]) -> None:
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


def _wish(
    here: Here,
    group: str | None,
    location: str | None,
    **said: Any,
) -> Wish:
    flashlog = here.flashlog
    return Wish(
        group_id=find_place(flashlog, "device_group", group) if group else None,
        location_id=find_place(flashlog, "location", location) if location else None,
        **said,
    )


def _account(here: Here) -> Account:
    """Whoever sits here may read the whole store."""
    return Account(
        user_id=here.user_id, is_active=True, is_staff=True, is_superuser=True
    )


def _confirm(
    here: Here, build_id: UUID, reasons: Sequence[str], confirmed: str | None
) -> None:
    """Let a person repeat the build's version. Raises RefusedError."""
    if not reasons:
        return
    for reason in reasons:
        output.notice(f"careful: {reason}")
    row = here.flashlog.views.one("build", str(build_id))
    version = row["version"] if row else ""
    if confirmed is None and sys.stdin.isatty():
        confirmed = click.prompt(f"Repeat the version to go on ({version})", err=True)
    if confirmed != version:
        msg = f"not confirmed, nothing was started: repeat it with --yes {version}"
        raise RefusedError(msg)


def _name(here: Here, device_id: UUID) -> str:
    row = here.flashlog.views.one("device", str(device_id))
    return str(row["name"]) if row else str(device_id)
