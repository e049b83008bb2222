"""`flashlog batch check` and `start`: which routers, and off they go."""

import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import click

from application.access import Account
from application.commands.batches import Wish, dangers, selected, start_batch
from application.errors import RefusedError
from application.queries.finding_batches import batch_row, find_build, find_place
from web.cli import exits, output
from web.cli.here import Here, json_option, pass_here
from web.cli.watching_batches import follow_or_work

_LETTERS = ("c", "o", "n", "u", "p", "k", "F")

build_argument = click.argument("build", metavar="BUILD")


def _selecting(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options that say which routers are meant, and what may become of them."""
    for option in (
        click.option(
            "--expendable",
            "expendable_packages",
            metavar="PACKAGE",
            multiple=True,
            help="A package that the routers may lose; may be given again.",
        ),
        click.option(
            "-o",
            "--option",
            "letters",
            type=click.Choice(_LETTERS),
            multiple=True,
            help="An option of sysupgrade, as for `flashlog upgrade`; may be given "
            "again.",
        ),
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


@click.command()
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
    letters: Sequence[str],
    expendable_packages: tuple[str, ...],
    as_json: bool,
) -> None:
    """Show which routers would be upgraded, who is skipped and why.

    \b
    Examples:
      flashlog batch check 23.05.5
      flashlog batch check Wi-Fi/23.05.5 --location "Town hall" --all
    """
    build_id = find_build(here.flashlog, build)
    wish = _wish(
        here,
        group,
        location,
        upgrade_all=upgrade_all,
        options=dict.fromkeys(letters, True),
        expendable_packages=expendable_packages,
    )
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


@click.command()
@build_argument
@_selecting
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
        return follow_or_work(here.flashlog, batch_id, as_json=as_json)
    if as_json:
        output.print_json(batch_row(here.flashlog, batch_id))
    else:
        output.say(f"started batch {batch_id}")
    if not here.flashlog.is_worked():
        output.notice("no service is running here: start `flashlog serve`")
    return exits.DONE


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


def _name(here: Here, device_id: str) -> str:
    row = here.flashlog.views.one("device", device_id)
    return str(row["name"]) if row else device_id
