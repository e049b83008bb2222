"""The entry point: runs a command, and turns every error into a sentence and a status.

No traceback reaches a person; `flashlog --traceback COMMAND` shows it to a developer.
"""

import os
import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TextIO

import click

from web.cli import (
    auditing,
    batches,
    builds,
    completing,
    devices,
    exits,
    images,
    keeping,
    logging_in,
    operations,
    organizations,
    rehearsing,
    serving,
    upgrading,
    users,
    vaulting,
)
from web.cli.here import Here

# What stands in for outputs that we were not given, as long as we run.
_KEPT_OPEN: list[TextIO] = []


def _version() -> str:
    try:
        return version("flashlog")
    except PackageNotFoundError:
        return "of a source tree"


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 88},
    epilog=exits.epilogue(),
)
@click.version_option(_version(), prog_name="flashlog")
@click.option(
    "--here",
    "is_here",
    is_flag=True,
    help="Work here, also when logged in elsewhere.",
)
@click.option("--traceback", "wants_traceback", is_flag=True, hidden=True)
@click.pass_context
def cli(context: click.Context, *, is_here: bool, wants_traceback: bool) -> None:
    """Upgrade the firmware of OpenWrt routers, and never lie about it.

    A first upgrade, with no service running:

    \b
      flashlog device add roof-7 --address 10.0.0.7 --mac 60:e3:27:aa:bb:cc \\
          --key ~/.ssh/id_ed25519
      flashlog device check roof-7
      flashlog upgrade roof-7 openwrt-sysupgrade.bin --watch

    A DEVICE is meant by its name, MAC address, address or id. Settings are environment
    variables (FLASHLOG_DATA_DIR says where everything is kept).

    After `flashlog login URL` the same commands work on a service elsewhere.
    """
    here = Here(is_meant=is_here)
    context.obj = here
    context.meta["flashlog.traceback"] = wants_traceback
    context.call_on_close(here.close)


for command in (
    *serving.COMMANDS,
    *rehearsing.COMMANDS,
    *logging_in.COMMANDS,
    *completing.COMMANDS,
    *upgrading.COMMANDS,
    operations.operation,
    batches.batch,
    devices.device,
    builds.build,
    images.image,
    organizations.organization,
    users.user,
    auditing.audit,
    *vaulting.COMMANDS,
    *keeping.COMMANDS,
):
    cli.add_command(command)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and leave with its exit status."""
    sys.exit(run(arguments))


def run(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    _open_what_is_closed()
    try:
        _require_text(arguments)
        status = cli.main(arguments, prog_name="flashlog", standalone_mode=False)
    except click.UsageError as error:
        click.echo(_usage(error), err=True)
        return exits.USAGE
    except click.ClickException as error:
        click.echo(f"flashlog: {error.format_message()}", err=True)
        return exits.FAILED
    except (click.Abort, KeyboardInterrupt):
        click.echo("interrupted", err=True)
        return exits.INTERRUPTED
    except SystemExit:
        # So click leaves when nobody reads the output any more.
        return exits.UNREAD
    except Exception as error:  # noqa: BLE001 - a person gets a sentence, always
        if "--traceback" in arguments:
            traceback.print_exc()
        for sentence in exits.sentences_of(error):
            click.echo(f"flashlog: {sentence}", err=True)
        return exits.exit_of_error(error)
    return status if isinstance(status, int) else exits.DONE


def _open_what_is_closed() -> None:
    """Let those who started us without an output have none."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            nowhere = Path(os.devnull).open("w")  # noqa: SIM115
            _KEPT_OPEN.append(nowhere)
            setattr(sys, name, nowhere)


def _require_text(arguments: Sequence[str]) -> None:
    """Refuse bytes that are no text: nothing could be kept under such a name."""
    for each in arguments:
        try:
            each.encode()
        except UnicodeEncodeError:
            msg = f"{each!a} is not text in UTF-8: rename what is called so"
            raise click.UsageError(msg) from None


def _usage(error: click.UsageError) -> str:
    """Say in a sentence what is wrong; who typed too little gets the whole help."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        return error.format_message()
    command = error.ctx.command_path if error.ctx else "flashlog"
    message = error.format_message().rstrip(".")
    return f"flashlog: {message} ({command} --help tells more)"
