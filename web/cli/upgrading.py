"""`flashlog upgrade`: bring one router to one image."""

import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click

from application.errors import RefusedError
from web.cli import exits, output
from web.cli.arguments import device_argument, image_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation
from web.cli.working import go_on

_LETTERS = ("c", "o", "n", "u", "p", "k", "F")


@click.command()
@device_argument
@image_argument
@click.option(
    "-o",
    "--option",
    "letters",
    type=click.Choice(_LETTERS),
    multiple=True,
    help="An option of sysupgrade; may be given again. c keeps changed files of /etc "
    "(the default), o keeps the whole overlay, n keeps nothing, u leaves out files "
    "equal to the new ROM's, p leaves the partition table, k lists the packages, F "
    "forces an image that the router's own test refuses.",
)
@click.option(
    "--expendable",
    "expendable_packages",
    metavar="PACKAGE",
    multiple=True,
    help="A package of the router that the image may lack; may be given again.",
)
@click.option("--watch", "wants_watch", is_flag=True, help="Follow it to its end.")
@click.option(
    "--yes",
    "confirmed",
    metavar="NAME",
    help="Confirm n, F or a downgrade by repeating the device's name.",
)
@json_option
@pass_installation
def upgrade(
    installation: Installation,
    *,
    name: str,
    image: str,
    letters: Sequence[str],
    expendable_packages: Sequence[str],
    wants_watch: bool,
    confirmed: str | None,
    as_json: bool,
) -> int:
    """Upgrade DEVICE to IMAGE, with every check before the flash.

    IMAGE is a file, or an image that was added: its id, file name, version, or the
    beginning of its sha256. Where no service is running, this command does the work
    itself and follows it; otherwise it hands over to the service, and --watch follows.
    The exit status says how it ended. After `flashlog login` a file is sent to the
    service, unless it has it already.

    \b
    Examples:
      flashlog upgrade roof-7 openwrt-23.05.5-sysupgrade.bin --watch
      flashlog upgrade roof-7 22.03.5 -o n --yes roof-7 --watch
    """
    inventory = installation.inventory
    device_id = inventory.find_device(name)
    image_id = _image(installation, device_id, image)
    options = dict.fromkeys(letters, True)
    router = inventory.device(device_id)
    if not router["release"]:
        output.notice(_look_first(installation, device_id))
    reasons = inventory.reasons_to_confirm(
        device_id=device_id, image_id=image_id, options=options
    )
    _confirm(router["name"], reasons, confirmed)
    operation_id = installation.operations.start(
        device_id=device_id,
        image_id=image_id,
        options=options,
        expendable_packages=expendable_packages,
    )
    if operation_id is None:
        output.notice(f"{router['name']} runs this image already: nothing to do")
        return exits.DONE
    return go_on(installation, operation_id, wants_watch=wants_watch, as_json=as_json)


def _look_first(installation: Installation, device_id: UUID) -> str:
    """Learn what a router runs that was never visited; returns what came of it.

    Who may start an upgrade may look, too; where not, a downgrade cannot be told.
    """
    (report,) = installation.inventory.visit([device_id])
    if report.facts is None or not report.is_well:
        return f"first visit: {report.trouble}"
    facts = report.facts
    return f"first visit: {facts.board}, {facts.release} {facts.revision}"


def _image(installation: Installation, device_id: UUID, text: str) -> UUID:
    path, inventory = Path(text), installation.inventory
    if path.is_file():
        with output.sending(path.name) as told:
            row = inventory.add_image(path, inventory.image_place(device_id), told)
        sha256 = row["sha256"][:12]
        output.notice(f"image {row['file_name']}: {row['version']}, {sha256}")
        return UUID(row["id"])
    return inventory.find_image(text)


def _confirm(name: str, reasons: Sequence[str], confirmed: str | None) -> None:
    """Let a person repeat the device's name. Raises RefusedError."""
    if not reasons:
        return
    for reason in reasons:
        output.notice(f"careful: {reason}")
    if confirmed is None and sys.stdin.isatty():
        confirmed = click.prompt(
            f"Repeat the device's name to go on ({name})", err=True
        )
    if confirmed != name:
        msg = f"not confirmed, nothing was started: repeat the name with --yes {name}"
        raise RefusedError(msg)


COMMANDS = (upgrade,)
