"""The command itself: routers, service, play, report, and the word on how it went."""

import io
import re
import signal
import tempfile
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Event

import click
from rich.console import Console

from application.demo.routers import actors
from application.flashlog import Flashlog
from application.settings import load_settings
from web.cli import exits, output
from web.cli.demo.report import print_report
from web.cli.demo.screen import draw, screen
from web.cli.demo.service import Api, Installation
from web.cli.demo.stage import SETTINGS, USER, Cast, Ending, play, register

_PICTURE_COLUMNS = 108
_FONT = re.compile(r"@font-face \{.*?\}|<!-- Generated.*?-->", re.DOTALL)


@click.command()
@click.option("--keep", is_flag=True, help="Leave the service up until Ctrl-C.")
@click.option(
    "--picture",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Draw the last screen into this SVG file.",
)
def demo(*, keep: bool, picture: Path | None) -> int:
    """Rehearse a success, an abort, a cancel and a failure.

    Starts a service and routers of its own in a temporary directory and upgrades all
    four over real SSH. Exits 0 only if all four end as they should and the routers
    themselves agree: flashes, services, files. Nothing else on this machine is touched.

    \b
    Examples:
      flashlog demo
      flashlog demo --keep
    """
    console = output.console()
    # Told to stop by anybody, it takes its service and routers along.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as stack:
        directory = Path(
            stack.enter_context(tempfile.TemporaryDirectory(prefix="flashlog-demo-"))
        )
        installation = Installation(directory, SETTINGS)
        with console.status("starting routers and a service …"):
            listed, what_they_are = stack.enter_context(actors())
            url = stack.enter_context(installation.serving())
        console.print(f"[bold]Flashlog demo[/bold]: {what_they_are}")
        console.print(f"service: {url}  (its own data directory, gone at the end)")
        with screen(console, listed) as shown:
            cast = register(installation, listed, shown.tell)
            endings = play(Api(url, cast.token), cast, shown.show, shown.tell)
        flashlog = Flashlog(load_settings(installation.environment))
        stack.callback(flashlog.close)
        is_well = _finish(console, endings, flashlog)
        if picture is not None:
            _draw(picture, what_they_are, endings, flashlog)
        if keep:
            _keep(console, url, cast, installation)
    return exits.DONE if is_well else exits.FAILED


def _draw(
    picture: Path, what_they_are: str, endings: list[Ending], flashlog: Flashlog
) -> None:
    """Draw what stands on the screen at the end, without what has moved before."""
    console = Console(
        record=True,
        file=io.StringIO(),
        width=_PICTURE_COLUMNS,
        force_terminal=True,
        highlight=False,
    )
    console.print(f"[bold]Flashlog demo[/bold]: {what_they_are}\n")
    draw(
        console,
        [ending.actor for ending in endings],
        [ending.operation for ending in endings],
    )
    _finish(console, endings, flashlog)
    drawing = console.export_svg(title="flashlog demo")
    # A picture that fetches fonts from somewhere tells somebody who looks at it.
    picture.write_text(_FONT.sub("", drawing), encoding="utf-8")


def _finish(console: Console, endings: list[Ending], flashlog: Flashlog) -> bool:
    print_report(console, endings, flashlog)
    return _tell_end(console, endings)


def _tell_end(console: Console, endings: list[Ending]) -> bool:
    wrong = [ending.actor.scene.name for ending in endings if ending.complaints]
    console.print()
    if wrong:
        console.print(f"[bold red]not as it should be: {', '.join(wrong)}[/bold red]")
    else:
        console.print(
            "[bold green]all four ended as they should, and the routers agree"
            "[/bold green]"
        )
    return not wrong


def _keep(console: Console, url: str, cast: Cast, installation: Installation) -> None:
    console.print(f"\nthe service stays up at {url} until Ctrl-C")
    console.print(f"log in as {USER} with password {cast.password}")
    console.print("\nlook around in another terminal:")
    data_dir = installation.environment["FLASHLOG_DATA_DIR"]
    console.print(f"  export FLASHLOG_DATA_DIR={data_dir}; flashlog operation list")
    console.print(
        f"  curl -H 'Authorization: Bearer {cast.token}' "
        f"{url}/api/v1/firmware-upgrader/upgrade-operation/"
    )
    with suppress(KeyboardInterrupt):
        Event().wait()
    console.print("\nstopping …")
