"""`flashlog simulate`: routers to rehearse with, no roof to climb."""

import time
from collections.abc import Sequence
from pathlib import Path

import click

from application.demo.images import rehearsal_image
from web.cli import exits, output
from web.cli.demo.command import demo
from web.cli.here import json_option
from web.cli.playing import play

_ROUTERS_MAX = 5000
_IMAGE_BYTES = 6 << 20


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
@click.option(
    "--image",
    "image_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write an image that fits them to this new FILE, to upgrade them to.",
)
@click.option(
    "--recording",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Let one router answer as in this FILE of `flashlog audit record`.",
)
@json_option
def simulate(
    *,
    count: int,
    release: str,
    host: str,
    image_file: Path | None,
    recording: Path | None,
    as_json: bool,
) -> int:
    """Let simulated routers answer SSH here, until Ctrl-C.

    They behave as OpenWrt does, are flashed and reboot; nothing of this machine is
    touched. Prints a `flashlog device add` line for each (JSON lines with --json).

    \b
    Examples:
      flashlog simulate --routers 10
      flashlog simulate --image rehearsal.bin
      flashlog simulate --recording roof-7.jsonl
    """
    if recording is not None:
        return play(recording, host=host, as_json=as_json)
    # Here, since importing asyncssh would slow down every other command.
    from application.simulation import Fleet  # noqa: PLC0415

    if image_file is not None:
        output.write_new(image_file, rehearsal_image(_IMAGE_BYTES))
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
        if image_file is not None:
            output.notice(f"upgrade them: flashlog upgrade router-0001 {image_file}")
        output.notice(
            f"{output.counted(count, 'router')} ({listing.board}, {listing.release}): "
            "Ctrl-C ends the rehearsal"
        )
        _wait_for_interrupt()
    return exits.DONE


def _wait_for_interrupt() -> None:
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        return


COMMANDS: Sequence[click.Command] = (demo, simulate)
