"""`flashlog audit diff` and `exposure`: what routers ran, between two moments."""

import csv
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from application.past.exposure import COLUMNS
from web.cli import output
from web.cli.choosing import pass_installation
from web.cli.here import json_option
from web.cli.installation.past import Wanted
from web.cli.installation.ports import Installation
from web.tables import harmless

_RAN = ("release", "revision", "version", "file_name", "image")
_STEP = ("position", "time", "why", "operation", "batch", "by", "by_name")
csv_option = click.option(
    "--csv", "as_csv", is_flag=True, help="Print CSV for spreadsheets."
)


@click.command()
@click.argument("start", metavar="FROM")
@click.argument("end", metavar="[TO]", required=False)
@csv_option
@json_option
@pass_installation
def diff(
    installation: Installation,
    *,
    start: str,
    end: str | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """List the routers that changed firmware since then.

    With how that came: an upgrade, or another firmware that a visit has found. A
    moment is a position of the log or a date/time; TO is now where it is not given.

    \b
    Examples:
      flashlog audit diff 2026-05-01
      flashlog audit diff 2026-05-01 2026-06-01 --csv > may.csv
    """
    rows = installation.past.differences(start, end)
    if as_csv:
        _print_differences(rows)
        return
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
@csv_option
@json_option
@pass_installation
def exposure(
    installation: Installation,
    *,
    as_csv: bool,
    as_json: bool,
    **asked: str | None,
) -> None:
    """List the routers that ran a firmware, and for how long.

    By what was found on them or verified after an upgrade, not by what people say. A
    moment is a position of the log or a date/time.

    \b
    Examples:
      flashlog audit exposure --release 23.05.2 --from 2026-01-01
      flashlog audit exposure --build 1.4 --csv > exposure.csv
    """
    rows = installation.past.exposed(Wanted(**asked))
    if as_csv:
        told = (row | each for row in rows for each in row["intervals"])
        _print_csv(COLUMNS, ([each[name] for name in COLUMNS] for each in told))
        return
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


def _print_differences(rows: Iterable[Mapping[str, Any]]) -> None:
    """Print a line for each router: what it ran before and after, and the last step."""
    columns = [
        *("device", "device_name", "change"),
        *(f"{side}_{name}" for side in ("from", "to") for name in _RAN),
        *_STEP,
    ]
    _print_csv(
        columns,
        (
            [
                *(row["device"], row["device_name"], row["change"]),
                *((row["from"] or {}).get(name) for name in _RAN),
                *((row["to"] or {}).get(name) for name in _RAN),
                *(_last(row).get(name) for name in _STEP),
            ]
            for row in rows
        ),
    )


def _print_csv(columns: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    for line in lines:
        writer.writerow(map(harmless, line))


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
