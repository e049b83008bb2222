"""`flashlog audit`: proof that the log only grew, made and verified."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from application.audit.export import export as write_export
from application.audit.findings import Report
from application.audit.importing import import_export
from application.audit.looking import verify_storage
from application.sealing import make_tiles_again, seal
from web.cli import exits, output
from web.cli.choosing import pass_installation
from web.cli.exposing import diff, exposure
from web.cli.here import Here, json_option, pass_here
from web.cli.installation.ports import Installation
from web.cli.keys import key, new_key
from web.cli.looking_back import show
from web.cli.recording import record
from web.cli.replaying import replay

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
# What is compared with: only what was kept elsewhere proves anything.
_held_option = click.option(
    "--checkpoint",
    "held",
    type=_FILE,
    multiple=True,
    help="A checkpoint that was kept elsewhere; may be repeated.",
)
_vkeys_option = click.option(
    "--key",
    "vkeys",
    metavar="VKEY",
    multiple=True,
    help="The public key that was kept elsewhere (flashlog audit key).",
)


@click.group()
def audit() -> None:
    """Prove that the log only grew, and verify it.

    Every event is a leaf of a Merkle tree, and its root is signed again and again.
    Whoever keeps such a checkpoint finds every later change of what it covers.
    """


for _command in (key, new_key, record, show, diff, exposure, replay):
    audit.add_command(_command)


@audit.command()
@json_option
@pass_installation
def checkpoint(installation: Installation, *, as_json: bool) -> None:
    """Print the newest checkpoint, to be kept elsewhere.

    Keep it where nobody reaches who reaches the log. Where no service signs, this
    command signs all there is first.

    \b
    Example:
      flashlog audit checkpoint > /mnt/elsewhere/flashlog.checkpoint
    """
    note = installation.past.checkpoint()
    if as_json:
        output.print_json({"checkpoint": note})
    else:
        click.echo(note, nl=False)


@audit.command()
@_held_option
@_vkeys_option
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
    with _progress("verifying") as progress:
        report = verify_storage(here.storage, vkeys=vkeys, held=held, progress=progress)
    if as_json:
        output.print_json({"is_good": report.is_good} | msgspec.to_builtins(report))
    else:
        _tell(report)
    return exits.DONE if report.is_good else exits.FAILED


@audit.command()
@json_option
@pass_here
def rebuild(here: Here, *, as_json: bool) -> None:
    """Make the kept hashes of the log again from it.

    For TILES that `flashlog audit verify` has found, while no service runs. A log that
    is not what was signed is refused: its hashes tell what was changed.

    \b
    Example:
      flashlog audit rebuild
    """
    size = make_tiles_again(here.flashlog)
    if as_json:
        output.print_json({"events": size})
    else:
        output.say(f"hashes of {output.counted(size, 'event')} made again")


@audit.command()
@click.option(
    "--output",
    "directory",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="A new directory.",
)
@json_option
@pass_here
def export(here: Here, *, directory: Path, as_json: bool) -> None:
    """Write the log as text, with all that was signed of it.

    Also beside a service; it ends where the newest checkpoint does. `flashlog-verify`
    verifies it anywhere, without Flashlog, years later. It holds no passwords.

    \b
    Example:
      flashlog audit export --output /mnt/archive/flashlog-2026
    """
    seal(here.flashlog)
    with _progress("exporting") as progress:
        manifest = write_export(here.flashlog.audit, directory, progress=progress)
    if as_json:
        output.print_json(manifest)
        return
    newer = here.flashlog.log.end() - manifest.events
    unsigned = f"; {newer} newer are not signed yet" if newer > 0 else ""
    events = output.counted(manifest.events, "event")
    output.say(f"wrote {directory}: {events}{unsigned}")
    # Not wrapped at the edge of the terminal: it is to be copied.
    click.echo(f"verify it: flashlog-verify {directory} --key {manifest.keys[-1]}")


@audit.command("import")
@click.argument(
    "directory", type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@_held_option
@_vkeys_option
@json_option
@pass_here
def import_(
    here: Here,
    *,
    directory: Path,
    held: tuple[Path, ...],
    vkeys: tuple[str, ...],
    as_json: bool,
) -> None:
    """Make a log again from an export, in a new data directory.

    It is verified first. Every event keeps its position, bytes and time, so the tree
    and all checkpoints are the same. Interrupted, the same command goes on. The log
    alone is in an export: `flashlog restore` brings passwords and images back, too.

    \b
    Example:
      FLASHLOG_DATA_DIR=/srv/copy flashlog audit import /mnt/archive/flashlog-2026
    """
    with _progress("importing") as progress:
        done = import_export(
            here.storage,
            directory,
            vkeys=vkeys,
            held=[path.read_text(encoding="utf-8") for path in held],
            progress=progress,
        )
    if as_json:
        output.print_json(done)
        return
    before = f", {done.already} of them were there already" if done.already else ""
    output.say(f"imported {output.counted(done.events, 'event')}{before}")


@contextmanager
def _progress(what: str) -> Iterator[Callable[[int, int], None]]:
    """Show a bar on a terminal, nothing elsewhere."""
    screen = output.console(sys.stderr)
    if not screen.is_terminal:
        yield lambda _done, _total: None
        return
    with output.bar(screen) as shown:
        task = shown.add_task(what, total=None)
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
    if report.recordings:
        output.say(f"{output.counted(report.recordings, 'recording')} looked at")
    if report.recordings_removed:
        removed = output.counted(report.recordings_removed, "recording")
        output.say(f"{removed} that the log says were removed")
    if report.recordings_absent:
        absent = output.counted(report.recordings_absent, "recording")
        output.say(f"{absent} that did not come here with the imported log")
    if report.is_good:
        click.echo(f"verified: signed by {', '.join(report.keys)}")
