"""`flashlog device change`: correct what is said of a router."""

from ipaddress import ip_address

import click

from web.cli import output
from web.cli.arguments import device_argument
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation

_MODEL_CHARACTERS_MAX = 64


def _ip(context: object, parameter: object, text: str | None) -> str | None:
    try:
        return str(ip_address(text)) if text is not None else None
    except ValueError:
        raise click.BadParameter(f"{text} is no IP address") from None


@click.command()
@device_argument
@click.option("--rename", metavar="NAME", help="What it is called from now on.")
@click.option(
    "--address",
    metavar="IP",
    callback=_ip,
    help="The IP address that is tried before the others.",
)
@click.option("--mac", help="A MAC address that one interface bears.")
@click.option("--model", help="What kind of router it is, in your words.")
@click.option("--notes", help="What people should know; takes the place of the old.")
@json_option
@pass_installation
def change(
    installation: Installation,
    *,
    name: str,
    rename: str | None,
    address: str | None,
    mac: str | None,
    model: str | None,
    notes: str | None,
    as_json: bool,
) -> None:
    """Change what is said of a router; the rest stays.

    \b
    Examples:
      flashlog device change roof-7 --address 10.0.0.8
      flashlog device change roof-7 --rename roof-8 --notes "moved in May"
    """
    said = {
        "name": rename,
        "management_ip": address,
        "mac_address": mac,
        "model": model,
        "notes": notes,
    }
    changes = {field: text for field, text in said.items() if text is not None}
    if not changes:
        msg = "nothing to change: give --rename, --address, --mac, --model or --notes"
        raise click.UsageError(msg)
    if len(model or "") > _MODEL_CHARACTERS_MAX:
        raise click.UsageError(f"--model: at most {_MODEL_CHARACTERS_MAX} characters")
    inventory = installation.inventory
    device_id = inventory.find_device(name)
    inventory.change_device(device_id, changes)
    row = inventory.device(device_id)
    if as_json:
        output.print_json(row)
    else:
        output.say(f"changed {row['name']} ({device_id})")
