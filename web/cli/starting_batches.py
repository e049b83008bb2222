"""`flashlog batch check` and `start`: which routers, and off they go."""

import sys
from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import click

from application.commands.batches import Wish, dangers
from application.errors import RefusedError
from web.cli import exits, output
from web.cli.arguments import build_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation
from web.cli.watching_batches import follow_or_work

_LETTERS = ("c", "o", "n", "u", "p", "k", "F")


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
@pass_installation
def check(
    installation: Installation,
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
    build_id = installation.inventory.find_build(build)
    wish = _wish(
        installation,
        group,
        location,
        upgrade_all=upgrade_all,
        options=dict.fromkeys(letters, True),
        expendable_packages=expendable_packages,
    )
    found = installation.batches.check(build_id, wish)
    if as_json:
        output.print_json(found)
        return
    of_all = set() if upgrade_all else set(found["devices"])
    warned = [each for each in found["warnings"] if each["device"] not in of_all]
    output.say(
        f"{output.counted(len(found['device_firmwares']), 'router')} would be upgraded,"
        f" and with --all {len(found['devices'])} more without a firmware record"
    )
    output.print_table(
        ["ROUTER", "WHY IT IS SKIPPED OR WOULD BE ABORTED"],
        [(each["name"], each["reason"]) for each in found["skipped"]]
        + [(each["name"], f"aborted: {each['reason']}") for each in warned],
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
@pass_installation
def start(
    installation: Installation,
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
    build_id = installation.inventory.find_build(build)
    options = dict.fromkeys(letters, True)
    _confirm(installation, build_id, dangers(options), confirmed)
    wish = _wish(
        installation,
        group,
        location,
        upgrade_all=upgrade_all,
        options=options,
        **wishes,
    )
    batch_id = installation.batches.start(build_id, wish)
    if wants_watch:
        return follow_or_work(installation, batch_id, as_json=as_json)
    if as_json:
        output.print_json(installation.batches.show(batch_id))
    else:
        output.say(f"started batch {batch_id}")
        output.say(f"follow it: flashlog batch watch {batch_id}")
    if not installation.is_worked:
        output.notice("no service is running here: start `flashlog serve`")
    return exits.DONE


def _wish(
    installation: Installation,
    group: str | None,
    location: str | None,
    **said: Any,
) -> Wish:
    inventory = installation.inventory
    return Wish(
        group_id=inventory.find_group(group) if group else None,
        location_id=inventory.find_location(location) if location else None,
        **said,
    )


def _confirm(
    installation: Installation,
    build_id: UUID,
    reasons: Sequence[str],
    confirmed: str | None,
) -> None:
    """Let a person repeat the build's version. Raises RefusedError."""
    if not reasons:
        return
    for reason in reasons:
        output.notice(f"careful: {reason}")
    version = installation.inventory.build_version(build_id)
    if confirmed is None and sys.stdin.isatty():
        confirmed = click.prompt(f"Repeat the version to go on ({version})", err=True)
    if confirmed != version:
        msg = f"not confirmed, nothing was started: repeat it with --yes {version}"
        raise RefusedError(msg)
