"""Run all measurements, write bench.json and show a table.

Every module here with a function `measure() -> list[Row]` takes part.
"""

import importlib
import json
import pkgutil
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests import benchmarks
from tests.benchmarks.row import Row

_RESULT = Path("bench.json")


def main() -> int:
    """Return 1 when something misses what it should reach."""
    console = Console()
    wanted = set(sys.argv[1:])
    rows: list[Row] = []
    for found in pkgutil.iter_modules(benchmarks.__path__):
        if found.name.startswith("_") or (wanted and found.name not in wanted):
            continue
        module = importlib.import_module(f"{benchmarks.__name__}.{found.name}")
        if hasattr(module, "measure"):
            with console.status(f"measuring {found.name} ..."):
                rows += module.measure()
    _RESULT.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    console.print(_table(rows))
    return 0 if all(row["met"] for row in rows) else 1


def _table(rows: list[Row]) -> Table:
    table = Table("measurement", title=f"also in {_RESULT}")
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
