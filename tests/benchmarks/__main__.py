"""Run all measurements, write bench.json and show a table.

Every module here with a function `measure() -> list[Row]` takes part. `--quick` runs
each on a little of what it measures: that tells what works, and no figures.
"""

import importlib
import json
import os
import pkgutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import benchmarks
from tests.benchmarks.row import Row
from tests.benchmarks.size import QUICK

_RESULT = Path("bench.json")
# It waits for its routers to come back, whatever their number.
_NOT_QUICK = {"batch"}


def main() -> int:
    """Return 1 when something misses what it should reach; quick ones miss nothing."""
    console = Console()
    wanted = set(sys.argv[1:])
    is_quick = "--quick" in wanted
    wanted -= {"--quick"}
    if is_quick:
        # Before the modules are here: their sizes are chosen as they come.
        os.environ[QUICK] = "1"
    rows: list[Row] = []
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if found.name.startswith("_") or (wanted and found.name not in wanted):
            continue
        if is_quick and not wanted and found.name in _NOT_QUICK:
            continue
        module = importlib.import_module(f"{benchmarks.__name__}.{found.name}")
        if hasattr(module, "measure"):
            with console.status(f"measuring {found.name} ..."):
                rows += module.measure()
    if not is_quick:
        _RESULT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    console.print(_table(rows, title="quick" if is_quick else f"also in {_RESULT}"))
    return 0 if is_quick or all(row["met"] for row in rows) else 1


def _table(rows: list[Row], *, title: str) -> Table:
    table = Table("measurement", title=title)
    for heading in ("value", "unit", "peer", "ratio", "reach", "met"):
        table.add_column(heading, justify="right")
    for row in rows:
        table.add_row(
            row["name"],
            f"{row['value']:g}",
            row["unit"],
            "" if row["peer"] is None else f"{row['peer']:g}",
            "" if row["ratio"] is None else f"{row['ratio']:.2f}",
            row["reach"],
            _verdict(row),
        )
    return table


def _verdict(row: Row) -> str:
    if not row["reach"]:
        return ""
    return "[green]yes[/]" if row["met"] else "[red]no[/]"


if __name__ == "__main__":
    sys.exit(main())
