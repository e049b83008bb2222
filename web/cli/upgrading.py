"""`flashlog upgrade`: bring one router to one image."""

import sys
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import click

from application.commands.confirmation import reasons_to_confirm
from application.commands.images import find_image
from application.commands.operations import start_upgrade
from application.errors import RefusedError
from application.procedure.check import check_device
from web.cli import output
from web.cli.devices import shown
from web.cli.here import Here, device_argument, json_option, pass_here
from web.cli.images import add_file
from web.cli.working import go_on

_LETTERS = ("c", "o", "n", "u", "p", "k", "F")


@click.command()
@device_argument
@click.argument("image")
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
@pass_here
def upgrade(
    here: Here,
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
    The exit status says how it ended.

    \b
    Examples:
      flashlog upgrade roof-7 openwrt-23.05.5-sysupgrade.bin --watch
      flashlog upgrade roof-7 22.03.5 -o n --yes roof-7 --watch
    """
    device_id = here.device(name)
    image_id = _image(here, image)
    options = dict.fromkeys(letters, True)
    if not shown(here, device_id)["release"]:
        _look_first(here, device_id)
    reasons = reasons_to_confirm(
        here.flashlog, device_id=device_id, image_id=image_id, options=options
    )
    _confirm(shown(here, device_id)["name"], reasons, confirmed)
    operation_id = start_upgrade(
        here.flashlog,
        device_id=device_id,
        image_id=image_id,
        options=options,
        expendable_packages=expendable_packages,
        by=here.user_id,
    )
    return go_on(here.flashlog, operation_id, wants_watch=wants_watch, as_json=as_json)


def _image(here: Here, text: str) -> UUID:
    path = Path(text)
    if path.is_file():
        return add_file(here, path)
    return find_image(here.flashlog, text)


def _look_first(here: Here, device_id: UUID) -> None:
    """Learn what the router runs, so that a downgrade can be told."""
    report = check_device(here.flashlog, device_id)
    if report.facts is not None and report.is_well:
        facts = report.facts
        output.notice(f"first visit: {facts.board}, {facts.release} {facts.revision}")
    else:
        output.notice(f"first visit: {report.trouble}")


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
