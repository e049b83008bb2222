"""`flashlog device check`: a first look at a router that changes nothing."""

from collections.abc import Mapping

import click

from application.procedure.check import CheckReport, ImageFit, check_device
from web.cli import exits, output
from web.cli.here import Here, device_argument, json_option, pass_here


@click.command()
@device_argument
@json_option
@pass_here
def check(here: Here, *, name: str, as_json: bool) -> int:
    """Look at a router: who it is, what it runs, which images fit.

    The first contact with a router should be this, never an upgrade. It is visited and
    nothing on it is changed; its host key is pinned if none is yet.

    \b
    Example:
      flashlog device check roof-7
    """
    report = check_device(here.flashlog, here.device(name))
    if as_json:
        output.print_json(report)
    else:
        _print(report, _versions(here))
    if report.is_well:
        return exits.DONE
    return exits.REFUSED if report.facts else exits.UNREACHABLE


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
