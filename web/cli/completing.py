"""`flashlog completion`, and what the shell is offered for an argument.

Names and ids come from the installation that the command would work on. Whoever waits
at a prompt is not kept waiting, and is never shown an error.
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, redirect_stderr, suppress
from pathlib import Path
from threading import Thread

import click
from click.shell_completion import CompletionItem, get_completion_class

from web.cli.choosing import chosen
from web.cli.here import Here
from web.cli.installation.ports import Installation, Row

_PROGRAM = "flashlog"
_VARIABLE = "_FLASHLOG_COMPLETE"
_SECONDS_MAX = 1.5
_OFFERED_MAX = 100
_SHELLS = ("bash", "zsh", "fish")

Offer = Callable[[Installation, str], Iterable[CompletionItem]]
Completer = Callable[[click.Context, click.Parameter, str], list[CompletionItem | str]]


@click.command()
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print what lets SHELL complete commands, names and ids.

    Load it where your shell starts. Devices, images, builds, operations and batches
    are those of the installation that commands work on.

    \b
    Examples:
      flashlog completion bash > ~/.local/share/bash-completion/completions/flashlog
      flashlog completion zsh > "${fpath[1]}/_flashlog"
      flashlog completion fish > ~/.config/fish/completions/flashlog.fish
    """
    made = get_completion_class(shell)
    if made is None:
        msg = f"{shell} cannot be completed for"
        raise click.UsageError(msg)
    root = context.find_root().command
    click.echo(made(root, {}, _PROGRAM, _VARIABLE).source())


def _completer(offer: Offer) -> Completer:
    """Ask an installation, for so long at most, and be silent when it does not say."""

    def complete(
        context: click.Context, _: click.Parameter, incomplete: str
    ) -> list[CompletionItem | str]:
        found: list[CompletionItem | str] = []
        is_meant = bool(context.find_root().params.get("is_here"))
        asking = Thread(
            target=_ask, args=(offer, incomplete, found, is_meant), daemon=True
        )
        asking.start()
        asking.join(_SECONDS_MAX)
        return found[:_OFFERED_MAX]

    return complete


def _ask(
    offer: Offer,
    incomplete: str,
    found: list[CompletionItem | str],
    is_meant: bool,  # noqa: FBT001 - a thread's argument
) -> None:
    with (
        suppress(Exception),
        Path(os.devnull).open("w") as nowhere,
        redirect_stderr(nowhere),
        closing(Here(is_meant=is_meant)) as here,
    ):
        if here.login is None and not here.storage.has_log():
            return
        with closing(chosen(here, answer_seconds=_SECONDS_MAX)) as installation:
            found += offer(installation, incomplete)


def _beginning(
    pairs: Iterable[tuple[object, str]], incomplete: str
) -> Iterator[CompletionItem]:
    for value, help_text in pairs:
        if str(value).lower().startswith(incomplete.lower()):
            yield CompletionItem(str(value), help=help_text)


def _devices(installation: Installation, incomplete: str) -> Iterable[CompletionItem]:
    names = installation.inventory.device_names(incomplete, limit=_OFFERED_MAX)
    return _beginning(((name, "") for name in names), incomplete)


def _images(installation: Installation, incomplete: str) -> Iterable[CompletionItem]:
    rows = installation.inventory.images()
    pairs = ((row["file_name"], row["version"]) for row in rows)
    return _beginning(pairs, incomplete)


def _builds(installation: Installation, incomplete: str) -> Iterable[CompletionItem]:
    rows = installation.inventory.builds()
    return _beginning(((row["version"], row["category"]) for row in rows), incomplete)


def _operations(
    installation: Installation, incomplete: str
) -> Iterable[CompletionItem]:
    rows = installation.operations.list(device_id=None, status=None, limit=_OFFERED_MAX)
    return _beginning(((row["id"], _told(row, "device")) for row in rows), incomplete)


def _batches(installation: Installation, incomplete: str) -> Iterable[CompletionItem]:
    rows = installation.batches.list(status=None, limit=_OFFERED_MAX)
    pairs = ((row["id"], _told(row, "build_version")) for row in rows)
    return _beginning(pairs, incomplete)


def _told(row: Row, name: str) -> str:
    return f"{row[name]}, {row['status']}"


devices = _completer(_devices)
images = _completer(_images)
builds = _completer(_builds)
operations = _completer(_operations)
batches = _completer(_batches)


def images_and_files(
    context: click.Context, parameter: click.Parameter, incomplete: str
) -> list[CompletionItem | str]:
    """Offer images, and let the shell complete files beside them."""
    return [*images(context, parameter, incomplete), CompletionItem(incomplete, "file")]


COMMANDS = (completion,)
