"""`flashlog image`: firmware images, judged when they are added."""

from pathlib import Path

import click

from web.cli import completing, output
from web.cli.choosing import pass_installation
from web.cli.here import category_option, json_option
from web.cli.installation.ports import ImagePlace, Installation


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
@click.option(
    "--organization",
    metavar="SLUG",
    help="Whose image it is [default: default, or the only one you manage].",
)
@json_option
@pass_installation
def add(
    installation: Installation,
    *,
    file: Path,
    category: str,
    organization: str | None,
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
    place = ImagePlace(
        category=category,
        version=version,
        organization=organization,
        boards=boards,
        health_checks=health_checks,
    )
    with output.sending(file.name) as told:
        row = installation.inventory.add_image(file, place, told)
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
@pass_installation
def show(installation: Installation, *, name: str, as_json: bool) -> None:
    """Show what an image says of itself.

    IMAGE is its id, file name, version, or the beginning of its sha256.

    \b
    Example:
      flashlog image show 23.05.5
    """
    inventory = installation.inventory
    row = inventory.image(inventory.find_image(name))
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
