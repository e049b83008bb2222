"""Show an operation as it goes on: a bar for people, lines for pipes, or JSON lines."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC
from uuid import UUID

from rich.text import Text

from application.watch import Moment
from web.cli import exits, output

# A bar tells them better than a line each.
_SHOWN_BY_BAR = {"UploadAdvanced"}
Shown = Callable[[Moment], None]


def follow(
    told: Iterable[Moment | None], operation_id: UUID, *, title: str, as_json: bool
) -> int:
    """Show an operation from its beginning to its end; returns the exit status."""
    last: Moment | None = None
    with _screen(title, as_json=as_json) as show:
        for moment in told:
            if moment is not None:
                show(moment)
                last = moment
    if last is None:
        return exits.STILL_RUNNING
    if not as_json:
        _tell_end(last, operation_id)
    return exits.exit_of_status(last.status)


@contextmanager
def _screen(title: str, *, as_json: bool) -> Iterator[Shown]:
    console = output.console()
    if as_json:
        yield output.print_json
    elif not console.is_terminal:
        yield _print_line
    else:
        with output.Bar(console, title) as shown:
            yield lambda moment: _draw(shown, moment)


def _print_line(moment: Moment) -> None:
    if moment.line:
        output.say(
            f"{moment.at.astimezone(UTC):%H:%M:%S}Z  {moment.progress:>3}%  "
            f"{moment.phase:<16}  {moment.line}"
        )


def _draw(shown: output.Bar, moment: Moment) -> None:
    is_going_on = moment.status == "in-progress"
    words = moment.phase if is_going_on else moment.status
    below = Text(words, style=output.STYLES.get(moment.status, ""))
    if is_going_on and moment.event in _SHOWN_BY_BAR:
        below.append(f"  {moment.line}", style="dim")
    shown.move(moment.progress, total=100, below=below)
    if moment.line and moment.event not in _SHOWN_BY_BAR:
        at = f"{moment.at.astimezone(UTC):%H:%M:%S}Z"
        output.tell(shown.console, at, moment.line)


def _tell_end(last: Moment, operation_id: UUID) -> None:
    status = output.styled_status(last.status)
    output.console().print(status, f"(operation {operation_id})")
    if last.held:
        output.say(
            f"held for a person: {last.held}; flashlog operation resume {operation_id}"
        )
    elif last.owed:
        output.say(
            f"still owed to the router: {', '.join(last.owed)}; it is given back as "
            "soon as the router answers a running service"
        )
