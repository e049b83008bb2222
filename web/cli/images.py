"""`flashlog image`: firmware images, judged when they are added."""

from pathlib import Path
from typing import Any

import click

from application.adapters.image_store import chunks_of
from application.commands.images import NewImage, add_image, find_image
from web.cli import completing, output
from web.cli.choosing import pass_installation
from web.cli.here import Here, category_option, json_option, pass_here
from web.cli.installation.local_inventory import image_row
from web.cli.installation.ports import Installation


@click.group()
def image() -> None:
    """Take firmware images in, and see what they are."""


@image.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@category_option
@click.option(
    "--build-version",
    "version",
    default="",
    help="The version of its build [default: what the image says].",
)
@click.option(
    "--board",
    "boards",
    multiple=True,
    help="A board it is for, where the image does not say; may be given again.",
)
@click.option(
    "--health-check",
    "health_checks",
    metavar="COMMAND",
    multiple=True,
    help="A command that must exit 0 on the router after the flash; for the whole "
    "build, in place of those it has; may be given again.",
)
@json_option
@pass_here
def add(
    here: Here,
    *,
    file: Path,
    category: str,
    version: str,
    boards: tuple[str, ...],
    health_checks: tuple[str, ...],
    as_json: bool,
) -> None:
    """Judge a firmware FILE and keep it.

    What the image says of itself (boards, release, compat version) is read from its
    end; a file that is no firmware image is refused. Adding the same file again finds
    the first one.

    \b
    Example:
      flashlog image add openwrt-23.05.5-ath79-generic-archer-c7-sysupgrade.bin \\
          --health-check 'ping -c 3 10.0.0.1'
    """
    new = NewImage(
        file_name=file.name,
        category=category,
        version=version,
        boards=boards,
        health_checks=health_checks,
    )
    row = _added(here, new, file)
    if as_json:
        output.print_json(row)
    else:
        output.say(
            f"added {row['file_name']}: {row['version']} for {', '.join(row['boards'])}"
        )


@image.command("list")
@json_option
@pass_installation
def list_(installation: Installation, *, as_json: bool) -> None:
    """List all images, newest first.

    \b
    Example:
      flashlog image list --json | jq -r '.[].file_name'
    """
    rows = installation.inventory.images()
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["IMAGE", "FILE", "VERSION", "BOARDS", "SIZE", "SHA256"],
        [
            (
                row["id"][:8],
                row["file_name"],
                row["version"],
                row["boards"],
                output.mebibytes(row["size_bytes"]),
                row["sha256"][:12],
            )
            for row in rows
        ],
        empty="there is no image yet: flashlog image add FILE",
    )


@image.command()
@click.argument("name", metavar="IMAGE", shell_complete=completing.images)
@json_option
@pass_here
def show(here: Here, *, name: str, as_json: bool) -> None:
    """Show what an image says of itself.

    IMAGE is its id, file name, version, or the beginning of its sha256.

    \b
    Example:
      flashlog image show 23.05.5
    """
    row = image_row(here.flashlog, find_image(here.flashlog, name))
    if as_json:
        output.print_json(row)
        return
    output.print_facts(
        {
            "image": row["id"],
            "file": row["file_name"],
            "category": row["category"],
            "build": row["version"],
            "release": f"{row['release']} {row['revision']}".strip(),
            "boards": row["boards"],
            "compat version": row["compat_version"],
            "size": f"{row['size_bytes']} bytes",
            "sha256": row["sha256"],
            "added": output.moment(row["created"]),
        }
    )


def _added(here: Here, new: NewImage, path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        image_id = add_image(here.flashlog, new, chunks_of(file), by=here.user_id)
    return image_row(here.flashlog, image_id)
