"""`flashlog build`: versions of a kind of firmware, whole releases of them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import click
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from application.adapters.signatures import Verdict, judge
from application.commands.releases import Imported, Where, import_release
from application.errors import InvalidError
from application.image_types import image_types
from application.queries.fleet_fit import FleetFit, fleet_fit, wanted_by_fleet
from application.releases.directory import SUMS, Candidate, Release
from web.cli import exits, output
from web.cli.choosing import pass_installation
from web.cli.here import Here, category_option, json_option, pass_here
from web.cli.installation.ports import Installation


@click.group()
def build() -> None:
    """Take whole releases in, and see how they fit the fleet."""


@build.command("import")
@click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@category_option
@click.option(
    "--build-version",
    "version",
    default="",
    help="The version of the build [default: the release's number and code].",
)
@click.option(
    "--organization",
    "slug",
    metavar="SLUG",
    help="Whose build it is [default: default].",
)
@click.option("--shared", is_flag=True, help="It is one for every organization.")
@click.option(
    "--key",
    "key_files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A public key of usign that may have signed it; may be given again.",
)
@click.option(
    "--require-signature", is_flag=True, help="Take nothing in that is not verified."
)
@click.option(
    "--fleet-only", is_flag=True, help="Take in images for devices that there are."
)
@click.option(
    "--health-check",
    "health_checks",
    metavar="COMMAND",
    multiple=True,
    help="A command that must exit 0 on the router after the flash, in place of those "
    "the build has; may be given again.",
)
@json_option
@pass_here
def import_(  # noqa: PLR0913 - one for each option
    here: Here,
    *,
    directory: Path,
    category: str,
    version: str,
    slug: str | None,
    shared: bool,
    key_files: tuple[Path, ...],
    require_signature: bool,
    fleet_only: bool,
    health_checks: tuple[str, ...],
    as_json: bool,
) -> None:
    """Take in a release DIRECTORY as OpenWrt publishes it for a target.

    Every image that is there is compared with sha256sums, judged and added to one
    build; files that are not there are no error, so that it is enough to download
    those you need. Importing again adds what is missing. Afterwards it is told which
    devices have no image in it, and which cannot keep their configuration.

    \b
    Example:
      flashlog build import ./23.05.5/targets/ath79/generic --fleet-only
    """
    if shared and slug:
        msg = "--shared is for every organization: leave --organization out"
        raise click.UsageError(msg)
    release = Release(directory)
    verdict = _signature(release, key_files, is_required=require_signature)
    organization_id = None if shared else here.organization(slug or "default")
    where = Where(
        category=category,
        organization_id=organization_id,
        version=version,
        health_checks=health_checks,
    )
    with _progress() as on_progress:
        report = import_release(
            here.flashlog,
            release,
            where,
            signature=verdict,
            wants=_wanted(here, organization_id) if fleet_only else lambda _: True,
            on_progress=on_progress,
            by=here.user_id,
        )
    fit = fleet_fit(
        here.flashlog.views, report.build_id, organization_id=organization_id
    )
    if as_json:
        output.print_json({"build": report, "fleet": fit})
    else:
        _say(report, fit, names_absent=fleet_only)
    if report.refused:
        click.get_current_context().exit(exits.FAILED)


@build.command("list")
@json_option
@pass_installation
def list_(installation: Installation, *, as_json: bool) -> None:
    """List all builds, newest first.

    \b
    Example:
      flashlog build list --json | jq -r '.[].version'
    """
    rows = installation.inventory.builds()
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["BUILD", "CATEGORY", "VERSION", "IMAGES", "ORGANIZATION", "ADDED"],
        [
            (
                row["id"][:8],
                row["category"],
                row["version"],
                row["images"],
                row["organization"] or "all",
                output.moment(row["created"]),
            )
            for row in rows
        ],
        empty="there is no build yet: flashlog build import DIRECTORY",
    )


def _wanted(here: Here, organization_id: UUID | None) -> Callable[[Candidate], bool]:
    types = image_types(here.settings.image_types_file)
    return wanted_by_fleet(here.flashlog.views, types, organization_id)


def _signature(
    release: Release, key_files: tuple[Path, ...], *, is_required: bool
) -> Verdict:
    """Judge who signed the checksums. Raises InvalidError where nothing may go on."""
    verdict = judge(release.directory / SUMS, key_files=key_files)
    if verdict.state == "bad" or (is_required and verdict.state != "verified"):
        raise InvalidError.of(
            "signature",
            f"{SUMS} is {verdict.state}: {verdict.reason}. Nothing was taken in.",
        )
    return verdict


@contextmanager
def _progress() -> Iterator[Callable[[int, int, str], None]]:
    """Show how far it is, where somebody looks."""
    screen = output.console(sys.stderr)
    columns = (BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(
        *columns, console=screen, transient=True, disable=not screen.is_terminal
    ) as shown:
        task = shown.add_task("reading", total=None)

        def move(done: int, total: int, doing: str) -> None:
            shown.update(task, completed=done, total=total, description=doing)

        yield move


def _say(report: Imported, fit: FleetFit, *, names_absent: bool) -> None:
    facts: dict[str, Any] = {
        "build": f"{report.version} ({report.build_id})",
        "target": report.target,
        "checksums": "every file compared",
        "signature": f"{report.signature.state}: {report.signature.reason}",
        "added": output.counted(len(report.added), "image"),
        "already there": len(report.known) or None,
        "not in the directory": len(report.absent) or None,
        "packages": report.packages or "not told: there is no manifest",
        "fleet": f"{fit.fitting} of {output.counted(fit.devices, 'device')} have an "
        "image in it",
    }
    output.print_facts(facts)
    for refused in report.refused:
        output.notice(f"refused {refused.file_name}: {refused.reason}")
    for absent in report.absent if names_absent else ():
        output.notice(f"not in the directory: {absent}")
    if fit.without_image:
        output.say()
        output.print_table(
            ["NO IMAGE FOR", "BOARD", "DEVICES"],
            [(row.model, row.board, row.devices) for row in fit.without_image],
            empty="",
        )
    if fit.compat_breaks:
        output.say()
        output.print_table(
            ["COMPAT VERSION CHANGES FOR", "RUNS", "IMAGE", "DEVICES"],
            [
                (
                    row.model,
                    f"{row.running} (assumed)" if row.assumed else row.running,
                    row.image,
                    row.devices,
                )
                for row in fit.compat_breaks
            ],
            empty="",
        )
