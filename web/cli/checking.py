"""`flashlog device check`: a first look at routers that changes nothing."""

import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

import click

from application.errors import DomainError, StorageError
from application.flashlog import Flashlog
from application.procedure.check import CheckReport, ImageFit, check_device
from application.queries.devices import select_devices
from web.cli import completing, exits, output
from web.cli.here import Here, json_option, pass_here

_VISITED_AT_ONCE = 16


@click.command()
@click.argument(
    "names", metavar="[DEVICE]...", nargs=-1, shell_complete=completing.devices
)
@click.option("--group", metavar="NAME", help="All active devices of this group.")
@click.option("--location", metavar="NAME", help="All active devices at this location.")
@click.option("--all", "wants_all", is_flag=True, help="All active devices.")
@json_option
@pass_here
def check(
    here: Here,
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
    device_ids = [here.device(name) for name in names]
    if group or location or wants_all:
        views = here.flashlog.views
        device_ids += select_devices(views, group=group, location=location)
    if not device_ids:
        msg = "say which routers: DEVICE, --group, --location or --all"
        raise click.UsageError(msg)
    if len(names) == 1 and len(device_ids) == 1:
        report = check_device(here.flashlog, device_ids[0])
        if as_json:
            output.print_json(report)
        else:
            _print(report, _versions(here))
        return _status(report)
    reports = _checked(here, list(dict.fromkeys(device_ids)))
    if as_json:
        output.print_json(reports)
    else:
        _print_all(reports)
    return max(map(_status, reports))


def _checked(here: Here, device_ids: Sequence[UUID]) -> list[CheckReport]:
    """Visit many routers, some at a time, with a bar for people who wait."""
    flashlog = here.flashlog
    with ThreadPoolExecutor(_VISITED_AT_ONCE) as pool:
        coming = pool.map(lambda each: _looked_at(flashlog, each), device_ids)
        with click.progressbar(
            coming,
            length=len(device_ids),
            label="looking at routers",
            file=sys.stderr,
            hidden=not sys.stderr.isatty(),
        ) as shown:
            return list(shown)


def _looked_at(flashlog: Flashlog, device_id: UUID) -> CheckReport:
    """Visit one of many: what is wrong with it is its own trouble."""
    try:
        return check_device(flashlog, device_id)
    except (DomainError, StorageError) as error:
        row = flashlog.views.one("device", str(device_id))
        name = row["name"] if row else str(device_id)
        return CheckReport(device_id=device_id, name=name, trouble=str(error))


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


def _versions(here: Here) -> dict[str, str]:
    rows = here.flashlog.views.rows(
        "SELECT image.id AS id, build.version AS version FROM image"
        " JOIN build ON build.id = image.build_id"
    )
    return {row["id"]: row["version"] for row in rows}


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
            "up for": f"{facts.uptime_seconds / 3600:.1f} hours",
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
