"""`flashlog simulate`: routers to rehearse with, no roof to climb."""

import time
from collections.abc import Sequence

import click

from web.cli import output
from web.cli.demo.command import demo
from web.cli.here import json_option

_ROUTERS_MAX = 5000


@click.command()
@click.option(
    "--routers",
    "count",
    type=click.IntRange(1, _ROUTERS_MAX),
    default=3,
    show_default=True,
    help="How many routers.",
)
@click.option("--release", default="23.05.4", show_default=True, help="What they run.")
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Where they listen."
)
@json_option
def simulate(*, count: int, release: str, host: str, as_json: bool) -> None:
    """Let simulated routers answer SSH on this machine, until Ctrl-C.

    They behave as OpenWrt does, are flashed and reboot; nothing of this machine is
    touched. Prints a `flashlog device add` line for each (JSON lines with --json).

    \b
    Example:
      flashlog simulate --routers 10
    """
    # Here, since importing asyncssh would slow down every other command.
    from application.simulation import Fleet  # noqa: PLC0415

    with Fleet.of(count, host=host, release=release) as fleet:
        for listing in fleet.listing():
            if as_json:
                output.print_json(listing)
                continue
            output.say(
                f"echo '{listing.password}' | flashlog device add {listing.name} "
                f"--address {listing.host} --port {listing.port} "
                f"--mac {listing.macs[0]} --uuid {listing.uuid} --password-stdin"
            )
        output.notice(
            f"{count} routers ({listing.board}, {listing.release}) answer; "
            "Ctrl-C ends them"
        )
        _wait_for_interrupt()


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


COMMANDS: Sequence[click.Command] = (demo, simulate)
