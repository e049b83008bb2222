"""The crash matrix as a table: every moment of every path, its outcome and flashes.

`python -m tests.crash.matrix` prints it and keeps it in docs/reliability.md; with
`--real` it kills over a real router (dropbear, BusyBox), some 15 minutes on two cores,
and keeps one row for each path.
"""

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path as File

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tests.crash.lives import Outcome, crash_at_every_moment
from tests.crash.paths import PATHS

_PAGE = File(__file__).parents[2] / "docs" / "reliability.md"


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
    if real:
        _keep("crash matrix, real", _summary(outcomes))
    else:
        _keep("crash matrix", _rows(outcomes))
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


def _rows(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["| path | killed | outcome | flashes |", "|---|---|---|---|"]
    for outcome in outcomes:
        verdict = " **wrong**" if outcome.wrong else ""
        lines.append(
            f"| {outcome.path} | {_told(outcome.moment)} "
            f"| {outcome.status}{verdict} | {outcome.flashes} |"
        )
    return lines


def _summary(outcomes: Sequence[Outcome]) -> list[str]:
    lines = ["| path | kills | outcome | flashes | wrong |", "|---|---|---|---|---|"]
    for path in PATHS:
        of_path = [outcome for outcome in outcomes if outcome.path == path.name]
        statuses = Counter(outcome.status for outcome in of_path)
        flashes = Counter(outcome.flashes for outcome in of_path)
        wrong = sum(bool(outcome.wrong) for outcome in of_path)
        lines.append(
            f"| {path.name} | {len(of_path)} | {_counted(statuses)} "
            f"| {_counted(flashes)} | {wrong} |"
        )
    return lines


def _counted(counts: Counter[str] | Counter[int]) -> str:
    if len(counts) == 1:
        return str(next(iter(counts)))
    return ", ".join(f"{what} ({times} times)" for what, times in counts.items())


def _keep(name: str, lines: Sequence[str]) -> None:
    """Put a table between its two marks in the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    text = _PAGE.read_text()
    before, _, rest = text.partition(begin)
    after = rest.partition(end)[2]
    table = "\n".join(lines)
    _PAGE.write_text(f"{before}{begin}\n\n{table}\n\n{end}{after}")


def _told(moment: str) -> str:
    """Say a moment in the words of the log: after an append, before or after an act."""
    return moment.replace("append ", "recording ").replace("+", ", ")


if __name__ == "__main__":
    sys.exit(main())
