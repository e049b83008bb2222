"""`flashlog device`: the inventory, and what may be asked of one router."""

from uuid import UUID

import click

from application.commands.devices import NewDevice
from application.commands.known_hosts import read_host_key
from application.commands.operations import release_device
from application.commands.reaching import release_host_key
from application.commands.registration import register
from application.procedure.check import enroll_device
from web.cli import logins, output
from web.cli.arguments import device_argument
from web.cli.changing import change
from web.cli.checking import check
from web.cli.choosing import pass_installation
from web.cli.configurations import backup
from web.cli.here import Here, json_option, pass_here
from web.cli.history import history
from web.cli.importing import import_
from web.cli.installation.local_inventory import device_row
from web.cli.installation.ports import Installation, Row


@click.group()
def device() -> None:
    """Register routers, look at them, see what happened to them."""


@device.command()
@click.argument("name")
@click.option(
    "--address",
    "addresses",
    multiple=True,
    required=True,
    help="IP address or host name; may be given again, they are tried in order.",
)
@click.option("--mac", required=True, help="A MAC address that one interface bears.")
@click.option("--model", default="", help="What kind of router it is, in your words.")
@click.option("--uuid", type=click.UUID, help="What an OpenWISP agent has as its UUID.")
@click.option(
    "--host-key",
    metavar="LINE",
    help="A line of known_hosts to pin; without it the first key shown is trusted.",
)
@click.option(
    "--upgrader",
    default="",
    help="For firmware that is not OpenWrt: an installed upgrader.",
)
@logins.options
@json_option
@pass_here
def add(  # noqa: PLR0913 - a router has that many sides
    here: Here,
    *,
    name: str,
    addresses: tuple[str, ...],
    mac: str,
    model: str,
    uuid: UUID | None,
    host_key: str | None,
    upgrader: str,
    login: logins.LoginOptions,
    as_json: bool,
) -> None:
    """Register a router under NAME, and how to log in to it.

    The log-in is one of --key, --password-stdin, --empty-password or --login-of; its
    secret is kept encrypted. The router is not visited: `flashlog device check` does.

    \b
    Examples:
      flashlog device add roof-7 --address 10.0.0.7 --mac 60:e3:27:aa:bb:cc \\
          --key ~/.ssh/id_ed25519
      pass routers/attic | flashlog device add attic --address attic.mesh \\
          --mac 60:e3:27:aa:bb:dd --password-stdin --jump admin@gw.mesh
    """
    new = NewDevice(
        name=name,
        mac_address=mac,
        addresses=addresses,
        model=model,
        agent_uuid=uuid,
        host_key=read_host_key(host_key) if host_key else None,
        upgrader=upgrader,
    )
    ways = logins.read(here, login)
    device_id = register(here.flashlog, new, ways, by=here.user_id)
    if as_json:
        output.print_json(device_row(here.flashlog, device_id))
    else:
        output.say(f"added {name} ({device_id})")
        output.say(f"next: flashlog device check {name}")


@device.command("list")
@json_option
@pass_installation
def list_(installation: Installation, *, as_json: bool) -> None:
    """List all routers with what they ran when they were last visited.

    \b
    Example:
      flashlog device list --json | jq -r '.[] | select(.release=="22.03.5").name'
    """
    rows = installation.inventory.devices()
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["NAME", "MAC", "ADDRESSES", "BOARD", "RUNNING", "ACTIVE"],
        [
            (
                row["name"],
                row["mac_address"],
                row["addresses"],
                row["board"],
                f"{row['release']} {row['revision']}".strip(),
                "yes" if row["is_active"] else "no",
            )
            for row in rows
        ],
        empty="there is no device yet: flashlog device add NAME --address … --mac …",
    )


@device.command()
@device_argument
@json_option
@pass_installation
def show(installation: Installation, *, name: str, as_json: bool) -> None:
    """Show all that is known of a router without visiting it.

    \b
    Example:
      flashlog device show roof-7
    """
    inventory = installation.inventory
    row = inventory.device(inventory.find_device(name))
    if as_json:
        output.print_json(row)
        return
    output.print_facts(
        {
            "name": row["name"],
            "id": row["id"],
            "MAC": row["mac_address"],
            "addresses": row["addresses"],
            "model": row["model"],
            "board": row["board"],
            "running": f"{row['release']} {row['revision']}".strip()
            or "never visited: flashlog device check",
            "UUID of the agent": row.get("agent_uuid"),
            "UUID enrolled": row.get("enrolled_uuid"),
            "host key": _host_key(row),
            "log-ins": row.get("log_ins"),
            "through": [jump["address"] for jump in row.get("jumps", ())],
            "active": "yes" if row["is_active"] else "no",
            "latest operation": row.get("operation_id"),
        }
    )


for command in (change, check, history, backup, import_):
    device.add_command(command)


@device.command()
@device_argument
@json_option
@pass_here
def enroll(here: Here, *, name: str, as_json: bool) -> None:
    """Write a UUID on a router, by which it is known from now on.

    For routers without an OpenWISP agent: they are told by a MAC address until then.
    The router is visited; the UUID is kept in its /etc/config/flashlog.

    \b
    Example:
      flashlog device enroll roof-7
    """
    uuid = enroll_device(here.flashlog, here.device(name), by=here.user_id)
    if as_json:
        output.print_json({"enrolled_uuid": uuid})
    else:
        output.say(f"{name} bears the UUID {uuid} now")


@device.command()
@device_argument
@click.option("--reason", required=True, help="Why; it stands in the log for good.")
@click.option(
    "--host-key",
    "forgets_host_key",
    is_flag=True,
    help="Forget the pinned host key instead: the next one shown is pinned.",
)
@json_option
@pass_here
def release(
    here: Here, *, name: str, reason: str, forgets_host_key: bool, as_json: bool
) -> None:
    """Write off what a router is still owed, so that it is free.

    For a router that is gone for good or was seen to by hand. What is owed (services,
    Wi-Fi, an uploaded file) is otherwise given back as soon as the router answers.

    \b
    Examples:
      flashlog device release roof-7 --reason "replaced on 3 May"
      flashlog device release roof-7 --host-key --reason "reset with the button"
    """
    device_id = here.device(name)
    if forgets_host_key:
        release_host_key(
            here.flashlog, device_id=device_id, reason=reason, by=here.user_id
        )
        written_off: tuple[str, ...] = ("host key",)
    else:
        written_off = release_device(
            here.flashlog, device_id=device_id, reason=reason, by=here.user_id
        )
    if as_json:
        output.print_json({"written_off": written_off})
    elif forgets_host_key:
        output.say(f"the pinned host key of {name} is forgotten")
    else:
        output.say(f"written off for {name}: {', '.join(written_off)}; it is free now")


def _host_key(row: Row) -> str | None:
    """Say whether one is pinned; nothing where the installation does not tell."""
    return row["host_key"] or "none pinned yet" if "host_key" in row else None
