"""What commands give out: tables for people, JSON for programs, plain for pipes."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TextIO, cast

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

# Wide enough that nothing is cut or wrapped where no terminal says how wide it is.
_PIPE_COLUMNS = 1000
# Those that move on the screen just now.
_bars: list["Bar"] = []
# A column is folded to no less than that.
_FOLDED_COLUMNS = 12
# Columns that are never folded, however narrow a terminal is: ids and times.
_WHOLE = {"OPERATION", "BATCH", "STARTED", "ADDED", "WHEN", "FETCHED"}
STYLES: Mapping[str, str] = {
    "success": "bold green",
    "failed": "bold red",
    "aborted": "bold yellow",
    "cancelled": "bold magenta",
    "in-progress": "bold cyan",
}


def console(stream: TextIO | None = None) -> Console:
    """Return a console on the current standard output, or on another stream."""
    stream = stream or sys.stdout
    if stream.isatty():
        return Console(file=stream, highlight=False)
    trimmed = cast("IO[str]", _Trimmed(stream))
    return Console(file=trimmed, width=_PIPE_COLUMNS, highlight=False)


class _Trimmed:
    """A stream of lines without the blanks that fill them up to some width."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        *lines, rest = text.split("\n")
        return self._stream.write("\n".join([*(each.rstrip() for each in lines), rest]))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class Bar(Progress):
    """One bar, with a line of words below it; notices are printed above it."""

    def __init__(self, screen: Console, title: str) -> None:
        self._below = Text()
        super().__init__(*_columns(), console=screen, transient=True)
        self._only = self.add_task(title, total=100)

    def move(self, done: float, *, total: float, below: Text) -> None:
        """Show how far it is, and say what goes on."""
        self._below = below
        self.update(self._only, completed=done, total=total)

    def start(self) -> None:
        _bars.append(self)
        super().start()

    def stop(self) -> None:
        super().stop()
        if self in _bars:
            _bars.remove(self)

    def get_renderables(self) -> Iterable[RenderableType]:
        """Put the words below the bar."""
        yield from super().get_renderables()
        yield self._below


@contextmanager
def sending(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how much of something is done, to who waits at a terminal; else nothing."""
    screen = console(sys.stderr)
    if not screen.is_terminal:
        yield lambda _done, _total: None
        return
    with bar(screen) as shown:
        task = shown.add_task(what, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


@contextmanager
def bar(screen: Console) -> Iterator[Progress]:
    """Show how far something is; the bar goes when it has ended."""
    with Progress(*_columns(), console=screen, transient=True) as progress:
        yield progress


def _columns() -> Sequence[ProgressColumn]:
    return (
        TextColumn("{task.description}", style="bold cyan", markup=False),
        # Calm while all goes well: how it ended is said in words, with their colour.
        BarColumn(bar_width=None, complete_style="cyan", finished_style="green"),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
    )


def tell(screen: Console, when: str, text: str | Text) -> None:
    """Print what happened at a time; on a terminal long lines hang below the text."""
    if not screen.is_terminal:
        click.echo(f"{when}  {text}")
        return
    row = Table.grid(padding=(0, 2, 0, 0))
    row.add_column(no_wrap=True, style="dim")
    row.add_column(overflow="fold")
    row.add_row(when, text if isinstance(text, Text) else Text(text))
    screen.print(row)


def say(text: str = "") -> None:
    """Print a line for people; brackets in it are not markup."""
    console().print(escape(text))


def notice(text: str) -> None:
    """Print a line beside the data: to standard error."""
    if _bars and sys.stderr.isatty():
        # What is written into a bar that moves is overwritten by it.
        _bars[-1].console.print(Text(text, style="dim"))
    else:
        click.echo(text, err=True)


def print_json(value: Any) -> None:
    """Print one JSON document on one line."""
    click.echo(as_json(value))


def as_json(value: Any) -> str:
    return json.dumps(msgspec.to_builtins(value), ensure_ascii=False)


def print_table(
    columns: Sequence[str], rows: Iterable[Sequence[Any]], *, empty: str
) -> None:
    """Print rows under columns, or a sentence where there are none.

    On a terminal too narrow for that, each row is told by itself.
    """
    listed = [list(map(_cell, row)) for row in rows]
    if not listed:
        notice(empty)
        return
    if _least_width(columns, listed) > console().width:
        for row in listed:
            _print_record(columns, row)
        return
    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in _WHOLE)
    for row in listed:
        table.add_row(*row)
    console().print(table)


def _least_width(columns: Sequence[str], rows: Sequence[Sequence[Text]]) -> int:
    """Return how wide a terminal must be for a table that can be read."""
    width = 0
    for number, column in enumerate(columns):
        widest = max(cell_len(column), *(row[number].cell_len for row in rows))
        is_folded = column not in _WHOLE and widest > _FOLDED_COLUMNS
        least = max(_FOLDED_COLUMNS, cell_len(column)) if is_folded else widest
        width += least + 2
    return width - 2


def _print_record(columns: Sequence[str], row: Sequence[Text]) -> None:
    """Print a row as its first cell, and below it a line for each that is not blank."""
    screen = console()
    screen.print(Text(style="bold").append_text(row[0]))
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for column, cell in zip(columns[1:], row[1:], strict=True):
        if cell.plain:
            table.add_row(f"  {column.lower()}", cell)
    screen.print(table)


def print_facts(facts: Mapping[str, Any]) -> None:
    """Print one thing: a name and a value a line, blanks left out."""
    table = Table(box=None, show_header=False, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts.items():
        if value not in (None, "", [], ()):
            table.add_row(name, _cell(value))
    console().print(table)


def styled_status(status: str) -> Text:
    return Text(status, style=STYLES.get(status, ""))


def moment(text: str | datetime | None) -> str:
    """Write a time of the log to the second, in UTC as its own lines do."""
    if not text:
        return ""
    at = datetime.fromisoformat(text) if isinstance(text, str) else text
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z"


def counted(count: int, noun: str) -> str:
    """Write `1 event`, `2 events`."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def duration(seconds: float) -> str:
    """Write how long something lasts, no finer than anybody cares for."""
    if seconds < 2 * 3600:
        return counted(int(seconds // 60), "minute")
    if seconds < 48 * 3600:
        return f"{seconds / 3600:.1f} hours"
    return f"{seconds / 86400:.1f} days"


def mebibytes(size_bytes: int) -> str:
    return f"{size_bytes / (1 << 20):.1f} MiB"


def write_new(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read; one that is there is not replaced."""
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(content)
    except FileExistsError:
        msg = f"{path} exists already: give another name"
        raise click.UsageError(msg) from None
    except OSError as error:
        msg = f"{path} cannot be written: {error.strerror}"
        raise click.UsageError(msg) from error


def _cell(value: Any) -> Text:
    if isinstance(value, Text):
        return value
    if isinstance(value, list | tuple):
        return Text(", ".join(map(str, value)))
    return Text("" if value is None else str(value))
