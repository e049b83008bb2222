"""The live picture of the demo: a bar a router, or lines where no terminal is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from rich.table import Column

from application.demo.routers import Actor
from web.cli import output
from web.cli.demo.report import short


class Screen(Protocol):
    """What the play is shown on."""

    def tell(self, text: str) -> None:
        """Say a line above the bars."""

    def show(self, operations: Sequence[dict[str, Any]]) -> None:
        """Show how far each operation is, in the order of the actors."""


@contextmanager
def screen(console: Console, actors: Sequence[Actor]) -> Iterator[Screen]:
    if not console.is_terminal:
        yield Lines(console, actors)
        return
    with _progress(console) as progress:
        yield Bars(progress, actors)


def draw(
    console: Console, actors: Sequence[Actor], operations: Sequence[dict[str, Any]]
) -> None:
    """Print the bars once, as they are."""
    progress = _progress(console)
    Bars(progress, actors).show(operations)
    console.print(progress.get_renderable())


def _progress(console: Console) -> Progress:
    columns = (
        TextColumn("[bold]{task.fields[name]:<8}"),
        BarColumn(bar_width=24),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[state]:<16}"),
        TextColumn(
            "[dim]{task.fields[line]}",
            table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
        ),
    )
    return Progress(*columns, console=console, refresh_per_second=10, expand=True)


class Bars:
    """One bar a router."""

    def __init__(self, progress: Progress, actors: Sequence[Actor]) -> None:
        self._progress = progress
        self._tasks: list[TaskID] = [
            progress.add_task(
                "", total=100, name=actor.scene.name, state="queued", line=""
            )
            for actor in actors
        ]

    def tell(self, text: str) -> None:
        self._progress.console.print(
            escape(text), style="dim", no_wrap=True, overflow="ellipsis"
        )

    def show(self, operations: Sequence[dict[str, Any]]) -> None:
        for task, operation in zip(self._tasks, operations, strict=True):
            style = output.STYLES.get(operation["status"], "")
            self._progress.update(
                task,
                completed=operation["progress"],
                state=f"[{style}]{_state(operation)}[/{style}]",
                line=short(operation["log"].rpartition("\n")[2]),
            )


class Lines:
    """A line whenever a router's phase changes."""

    def __init__(self, console: Console, actors: Sequence[Actor]) -> None:
        self._console = console
        self._names = [actor.scene.name for actor in actors]
        self._said: dict[str, str] = {}

    def tell(self, text: str) -> None:
        self._console.print(escape(text))

    def show(self, operations: Sequence[dict[str, Any]]) -> None:
        for name, operation in zip(self._names, operations, strict=True):
            state = _state(operation)
            if self._said.get(name) != state:
                self._said[name] = state
                last = operation["log"].rpartition("\n")[2]
                self._console.print(
                    f"{name:<8} {operation['progress']:>3}%  {state:<16} {escape(last)}"
                )


def _state(operation: dict[str, Any]) -> str:
    if operation["status"] == "in-progress":
        return str(operation["phase"])
    if operation["owed"]:
        return f"{operation['status']}, giving back"
    return str(operation["status"])
