"""`flashlog audit diff` and `exposure`: what routers ran, between two moments."""

import csv
import sys
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import click

from application.commands.images import find_image
from application.past import diff as differing
from application.past import exposure as exposing
from application.past.moments import moment_of, now_of, position_of, start_of
from application.past.patience import Patience
from application.queries.ever_seen import images_ever_of
from application.queries.finding_batches import find_build
from web.cli import output
from web.cli.here import Here, json_option, pass_here
from web.cli.looking_back import EVERYBODY
from web.tables import harmless


@click.command()
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="[TO]", required=False)
@json_option
@pass_here
def diff(here: Here, *, start: str, end: str | None, as_json: bool) -> None:
    """List the routers that changed firmware since then.

    With how that came: an upgrade, or another firmware that a visit has found. A
    moment is a position of the log or a date/time; TO is now where it is not given.

    \b
    Examples:
      flashlog audit diff 2026-05-01
      flashlog audit diff 2026-05-01 2026-06-01 --json
    """
    flashlog = here.flashlog
    first = position_of(flashlog, "FROM", start)
    last = position_of(flashlog, "TO", end) if end else flashlog.log.end()
    if first > last:
        msg = "FROM is later than TO"
        raise click.UsageError(msg)
    found = list(
        differing.differences(
            flashlog, [], start=first, end=last, patience=Patience(here.settings)
        )
    )
    rows = differing.in_words(flashlog, EVERYBODY, found)
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["DEVICE", "CHANGE", "FROM", "TO", "WHEN", "WHY", "BY"],
        [
            (
                row["device_name"],
                row["change"],
                _ran(row["from"]),
                _ran(row["to"]),
                output.moment(_last(row)["time"]),
                _why(_last(row)),
                _last(row)["by_name"] or "",
            )
            for row in rows
        ],
        empty="no router runs another firmware than before",
    )


@click.command()
@click.option("--release", help="What routers call it, for example 23.05.3.")
@click.option("--image", metavar="IMAGE", help="The image that was installed.")
@click.option("--build", metavar="BUILD", help="The build that was installed.")
@click.option("--from", "start", metavar="MOMENT", help="Default: the beginning.")
@click.option("--to", "end", metavar="MOMENT", help="Default: now.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV for spreadsheets.")
@json_option
@pass_here
def exposure(
    here: Here,
    *,
    release: str | None,
    image: str | None,
    build: str | None,
    start: str | None,
    end: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the routers that ran a firmware, and for how long.

    By what was found on them or verified after an upgrade, not by what people say. A
    moment is a position of the log or a date/time.

    \b
    Examples:
      flashlog audit exposure --release 23.05.2 --from 2026-01-01
      flashlog audit exposure --build 1.4 --csv > exposure.csv
    """
    flashlog = here.flashlog
    first = moment_of(flashlog, "--from", start) if start else start_of(flashlog)
    last = moment_of(flashlog, "--to", end) if end else now_of(flashlog)
    if first.position > last.position or first.at > last.at:
        msg = "--from is later than --to"
        raise click.UsageError(msg)
    images: set[UUID] | None = {find_image(flashlog, image)} if image else None
    if build:
        of_build = images_ever_of(flashlog, find_build(flashlog, build))
        images = of_build if images is None else images & of_build
    found = list(
        exposing.exposed(
            flashlog,
            [],
            exposing.Wanted(release=release, image_ids=images),
            start=first,
            end=last,
            patience=Patience(here.settings),
        )
    )
    if as_csv:
        writer = csv.writer(sys.stdout)
        writer.writerow(exposing.COLUMNS)
        for line in exposing.lines(flashlog, EVERYBODY, found):
            writer.writerow(map(harmless, line))
        return
    rows = exposing.in_words(flashlog, EVERYBODY, found)
    if as_json:
        output.print_json(rows)
        return
    output.print_table(
        ["DEVICE", "RAN", "FROM", "TO", "HOURS", "WHY"],
        [
            (
                row["device_name"],
                _ran(each),
                output.moment(each["from"]),
                "still" if each["goes_on"] else output.moment(each["to"]),
                f"{each['seconds'] / 3600:.1f}",
                _why(each),
            )
            for row in rows
            for each in row["intervals"]
        ],
        empty="no router ran it between these moments",
    )


def _ran(firmware: Mapping[str, Any] | None) -> str:
    if firmware is None:
        return ""
    return f"{firmware['release']} {firmware['revision']}".strip() or "not known"


def _last(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what was seen last, blank where a router was only added or taken out."""
    nothing = {"time": None, "why": "", "operation": None, "by_name": None}
    return row["steps"][-1] if row["steps"] else nothing


def _why(seen: Mapping[str, Any]) -> str:
    operation_id = seen["operation"]
    return f"operation {str(operation_id)[:8]}" if operation_id else str(seen["why"])
