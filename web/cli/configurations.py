"""`flashlog device backup`: the configurations that were fetched from a router."""

import sys
from pathlib import Path
from uuid import UUID

import click

from application.queries.backups import (
    archive_of,
    configuration_backups,
    newest_backup,
)
from web.cli import exits, output
from web.cli.arguments import device_argument
from web.cli.here import Here, json_option, pass_here


@click.command()
@device_argument
@click.option(
    "--output",
    "-o",
    "target",
    metavar="FILE",
    help="Where to write the archive; - for standard output.",
)
@click.option(
    "--operation",
    "operation_id",
    type=click.UUID,
    help="The backup of this operation [default: the newest].",
)
@click.option("--list", "wants_list", is_flag=True, help="List what there is.")
@json_option
@pass_here
def backup(
    here: Here,
    *,
    name: str,
    target: str | None,
    operation_id: UUID | None,
    wants_list: bool,
    as_json: bool,
) -> int:
    """Give back a router's configuration as it was before a flash.

    The archive is what `sysupgrade -b` writes: `sysupgrade -r FILE` on the router
    restores it. It holds passwords and keys.

    \b
    Examples:
      flashlog device backup roof-7 --list
      flashlog device backup roof-7 -o roof-7.tar.gz
    """
    device_id = here.device(name)
    if wants_list:
        _list_backups(here, device_id, as_json=as_json)
        return exits.DONE
    found = newest_backup(here.flashlog, device_id, operation_id=operation_id)
    archive = archive_of(here.flashlog, found)
    if target == "-" or (target is None and not sys.stdout.isatty() and not as_json):
        sys.stdout.buffer.write(archive)
        sys.stdout.buffer.flush()
        return exits.DONE
    path = Path(target or f"{name}-{found.fetched_at:%Y%m%dT%H%M%SZ}.tar.gz")
    output.write_new(path, archive)
    if as_json:
        output.print_json({"file": str(path), "backup": found})
    else:
        output.say(f"wrote {path}: {len(archive)} bytes, sha256 {found.sha256}")
    return exits.DONE


def _list_backups(here: Here, device_id: UUID, *, as_json: bool) -> None:
    backups = configuration_backups(here.flashlog, device_id)
    if as_json:
        output.print_json(backups)
        return
    output.print_table(
        ["FETCHED", "BYTES", "SHA256", "OPERATION"],
        [
            (
                output.moment(each.fetched_at),
                each.size_bytes,
                each.sha256,
                each.operation_id,
            )
            for each in backups
        ],
        empty="no configuration of this device was fetched yet",
    )
