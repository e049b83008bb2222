"""`flashlog device check`: a first look at routers that changes nothing."""

import sys
from collections.abc import Mapping, Sequence
from uuid import UUID

import click

from application.procedure.check import CheckReport, ImageFit
from web.cli import completing, exits, output
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.ports import Installation, Inventory


@click.command()
@click.argument(
    "names", metavar="[DEVICE]...", nargs=-1, shell_complete=completing.devices
)
@click.option("--group", metavar="NAME", help="All active devices of this group.")
@click.option("--location", metavar="NAME", help="All active devices at this location.")
@click.option("--all", "wants_all", is_flag=True, help="All active devices.")
@json_option
@pass_installation
def check(
    installation: Installation,
    *,
    names: tuple[str, ...],
    group: str | None,
    location: str | None,
    wants_all: bool,
    as_json: bool,
) -> int:
    """Look at routers: who they are, what they run, which images fit.

    The first contact with a router should be this, never an upgrade. It is visited and
    nothing on it is changed; its host key is pinned if none is yet.

    \b
    Examples:
      flashlog device check roof-7
      flashlog device check --group roofs
    """
    inventory = installation.inventory
    device_ids = [inventory.find_device(name) for name in names]
    if group or location or wants_all:
        device_ids += inventory.active_devices(group=group, location=location)
    if not device_ids:
        msg = "say which routers: DEVICE, --group, --location or --all"
        raise click.UsageError(msg)
    if len(names) == 1 and len(device_ids) == 1:
        (report,) = inventory.visit(device_ids)
        if as_json:
            output.print_json(report)
        else:
            _print(report, {row["id"]: row["version"] for row in inventory.images()})
        return _status(report)
    reports = _checked(inventory, list(dict.fromkeys(device_ids)))
    if as_json:
        output.print_json(reports)
    else:
        _print_all(reports)
    return max(map(_status, reports))


def _checked(inventory: Inventory, device_ids: Sequence[UUID]) -> list[CheckReport]:
    """Visit many routers, some at a time, with a bar for people who wait."""
    with click.progressbar(
        inventory.visit(device_ids),
        length=len(device_ids),
        label="looking at routers",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as shown:
        return list(shown)


def _status(report: CheckReport) -> int:
    if report.is_well:
        return exits.DONE
    return exits.REFUSED if report.facts else exits.UNREACHABLE


def _print_all(reports: Sequence[CheckReport]) -> None:
    output.print_table(
        ["ROUTER", "BOARD", "RUNNING", "IMAGES THAT FIT", "TROUBLE"],
        [
            (
                report.name,
                report.facts.board if report.facts else "",
                f"{report.facts.release} {report.facts.revision}".strip()
                if report.facts
                else "",
                sum(not fit.reason for fit in report.images),
                report.trouble,
            )
            for report in reports
        ],
        empty="",
    )
    well = sum(report.is_well for report in reports)
    output.say(f"{well} of {len(reports)} are ready for an upgrade")


def _print(report: CheckReport, versions: Mapping[str, str]) -> None:
    facts = report.facts
    shown: dict[str, object] = {"router": report.name}
    if facts is not None:
        pinned = " (pinned now)" if report.host_key_is_new else ""
        shown |= {
            "answers at": report.address,
            "host key": f"{report.host_key}{pinned}",
            "identity": f"{report.identity} (by {report.verified_by})"
            if report.identity
            else "",
            "model": facts.model,
            "board": facts.board,
            "release": f"{facts.release} {facts.revision} ({facts.target})",
            "memory": f"{output.mebibytes(facts.memory.available_bytes)} available of "
            f"{output.mebibytes(facts.memory_total_bytes)}",
            "room for an image": output.mebibytes(facts.memory.room_bytes),
            "up for": output.duration(facts.uptime_seconds),
        }
    output.print_facts(shown)
    if report.weak_algorithms:
        output.say("careful: this release speaks only SHA-1 (ssh-rsa), which is weak")
    if report.images:
        output.say()
        output.print_table(
            ["IMAGE", "VERSION", "FITS", "WHY NOT, OR WHAT TO KNOW"],
            [
                (
                    fit.file_name,
                    versions.get(str(fit.image_id), ""),
                    "no" if fit.reason else "yes",
                    _remark(fit),
                )
                for fit in report.images
            ],
            empty="",
        )
    if report.trouble:
        output.say()
        output.say(f"not ready for an upgrade: {report.trouble}")


def _remark(fit: ImageFit) -> str:
    if fit.reason:
        return fit.reason
    if fit.installed:
        return "installed already"
    if not fit.enough_memory:
        return "memory is short: services would be stopped for the upgrade"
    return ""
