"""The crash matrix as a table: every moment of every path, its outcome and flashes.

`python -m tests.crash.matrix` prints it and keeps it in docs/reliability.md; with
`--real` it kills over a real router (dropbear, BusyBox) and only prints.
"""

import sys
from collections.abc import Sequence
from pathlib import Path as File

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.crash.lives import Outcome, crash_at_every_moment
from tests.crash.paths import PATHS

_PAGE = File(__file__).parents[2] / "docs" / "reliability.md"
_BEGIN, _END = "<!-- crash matrix: begin -->", "<!-- crash matrix: end -->"


def main() -> int:
    """Crash everything, print and keep the table; 1 when anything ended wrong."""
    console = Console()
    real = "--real" in sys.argv[1:]
    outcomes = [
        outcome
        for path in track(PATHS, "Killing the runner", console=console)
        for outcome in crash_at_every_moment(path, real=real)
    ]
    console.print(_table(outcomes))
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    for outcome in wrong:
        console.print(f"[red]{outcome.path}, {outcome.moment}[/]: {outcome.wrong}")
    if not real:
        _keep(outcomes)
    flashes = max(outcome.flashes for outcome in outcomes)
    console.print(
        f"{len(outcomes)} kills, {len(wrong)} ended wrong, at most {flashes} flash each"
    )
    return 1 if wrong else 0


def _table(outcomes: Sequence[Outcome]) -> Table:
    table = Table("path", "killed", "outcome", "flashes", "as it must")
    for outcome in outcomes:
        verdict = "[red]NO" if outcome.wrong else "yes"
        moment, flashes = _told(outcome.moment), str(outcome.flashes)
        table.add_row(outcome.path, moment, outcome.status, flashes, verdict)
    return table


def _keep(outcomes: Sequence[Outcome]) -> None:
    lines = ["| path | killed | outcome | flashes |", "|---|---|---|---|"]
    for outcome in outcomes:
        verdict = " **wrong**" if outcome.wrong else ""
        lines.append(
            f"| {outcome.path} | {_told(outcome.moment)} "
            f"| {outcome.status}{verdict} | {outcome.flashes} |"
        )
    table = "\n".join(lines)
    text = _PAGE.read_text()
    before, _, rest = text.partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text(f"{before}{_BEGIN}\n\n{table}\n\n{_END}{after}")


def _told(moment: str) -> str:
    """Say a moment in the words of the log: after an append, before or after an act."""
    return moment.replace("append ", "recording ").replace("+", ", ")


if __name__ == "__main__":
    sys.exit(main())
