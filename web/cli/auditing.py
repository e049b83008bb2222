"""`flashlog audit`: proof that the log only grew, made and verified."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from application.audit.findings import Report
from application.audit.looking import verify_directory
from application.audit.proofs import newest_checkpoint
from application.sealing import seal
from web.cli import exits, output
from web.cli.here import Here, json_option, pass_here

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def audit() -> None:
    """Prove that the log only grew, and verify it.

    Every event is a leaf of a Merkle tree, and its root is signed again and again.
    Whoever keeps such a checkpoint finds every later change of what it covers.
    """


@audit.command()
@pass_here
def key(here: Here) -> None:
    """Print the public key with which checkpoints are verified.

    \b
    Example:
      flashlog audit key > flashlog.vkey
    """
    click.echo(here.flashlog.audit.vkey)


@audit.command()
@pass_here
def checkpoint(here: Here) -> None:
    """Print the newest checkpoint: keep it where nobody reaches who reaches the log.

    Where no service signs, this command signs all there is first.

    \b
    Example:
      flashlog audit checkpoint > /mnt/elsewhere/flashlog.checkpoint
    """
    seal(here.flashlog)
    click.echo(newest_checkpoint(here.flashlog.audit.store), nl=False)


@audit.command()
@click.option(
    "--checkpoint",
    "held",
    type=_FILE,
    multiple=True,
    help="A checkpoint that was kept elsewhere; may be repeated.",
)
@click.option(
    "--key",
    "vkeys",
    metavar="VKEY",
    multiple=True,
    help="The public key that was kept elsewhere (flashlog audit key).",
)
@json_option
@pass_here
def verify(
    here: Here, *, held: tuple[Path, ...], vkeys: tuple[str, ...], as_json: bool
) -> int:
    """Compare every event of the log with what was signed of it.

    Also beside a service. Exits 0 where all is as it was signed, else 1 with the
    positions that are not. Whoever can write to the data directory can also sign
    anew: only a checkpoint or a key that was kept elsewhere tells that.

    \b
    Examples:
      flashlog audit verify
      flashlog audit verify --checkpoint kept.checkpoint --key "$(cat flashlog.vkey)"
    """
    with _progress() as progress:
        report = verify_directory(
            here.settings.data_dir, vkeys=vkeys, held=held, progress=progress
        )
    if as_json:
        output.print_json({"is_good": report.is_good} | msgspec.to_builtins(report))
    else:
        _tell(report)
    return exits.DONE if report.is_good else exits.FAILED


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, nothing elsewhere."""
    screen = output.console(sys.stderr)
    if not screen.is_terminal:
        yield lambda _done, _total: None
        return
    with output.bar(screen) as shown:
        task = shown.add_task("verifying", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _tell(report: Report) -> None:
    for finding in report.findings:
        output.say(f"{finding.kind.upper()} {finding.sentence}")
    if not report.signed:
        output.say("nothing is proved: no checkpoint fits this log")
        return
    fit = output.counted(report.checkpoints, "stored checkpoint")
    if report.held:
        fit += f" and {report.held} of yours"
    newer = f"; {report.unsigned} newer are not signed yet" if report.unsigned else ""
    output.say(f"{fit} fit, up to {output.counted(report.signed, 'event')}{newer}")
    if report.is_good:
        output.say(f"verified: signed by {', '.join(report.keys)}")
