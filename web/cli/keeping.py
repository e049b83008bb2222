"""Looking after an installation: health, rebuild, backup, restore."""

from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from application.backup import Restored
from application.backup import backup as make_backup
from application.backup import restore as restore_backup
from application.commands.rebuilding import rebuild_views
from application.holding_all import hold_restored
from application.queries.health import HealthFact, health_facts
from web.cli import exits, output
from web.cli.here import Here, json_option, pass_this_machine
from web.service.probing import Probe, noted_address, probe


@click.command()
@click.option("--service", "needs_service", is_flag=True, help="Fail if none runs.")
@json_option
@pass_this_machine
def health(here: Here, *, needs_service: bool, as_json: bool) -> int:
    """Say whether this installation is well; a line for each part.

    Exits 1 where something needs a person.

    \b
    Example:
      flashlog health --service || mail -s flashlog oncall@example.org
    """
    facts = health_facts(here.flashlog, needs_service=needs_service)
    if here.flashlog.is_served():
        facts.append(_web(here))
    if as_json:
        output.print_json(facts)
    else:
        for fact in facts:
            word = (
                "[green]OK  [/green]" if fact.is_well else "[bold red]LOOK[/bold red]"
            )
            output.console().print(word, f"{fact.name}: {fact.finding}", markup=True)
    return exits.DONE if all(fact.is_well for fact in facts) else exits.FAILED


@click.command()
@json_option
@pass_this_machine
def rebuild(here: Here, *, as_json: bool) -> None:
    """Drop the read models and make them again from the log.

    Nothing is lost by it: the log alone is the truth.

    \b
    Example:
      flashlog rebuild
    """
    position = rebuild_views(here.flashlog)
    if as_json:
        output.print_json({"position": position})
    else:
        output.say(f"read models rebuilt from {output.counted(position, 'event')}")


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@json_option
@pass_this_machine
def backup(here: Here, *, file: Path | None, as_json: bool) -> None:
    """Write everything into one new FILE, also beside a service.

    Log, vault, keys and images: whoever has the file has every password in it. Only
    its owner may read it. Without FILE it gets a name with the time, here.

    \b
    Examples:
      flashlog backup
      flashlog backup /mnt/safe/flashlog-friday.backup
    """
    now = datetime.now(UTC)
    target = file or Path(f"flashlog-{now:%Y%m%dT%H%M%SZ}.backup")
    done = make_backup(here.settings, target)
    if as_json:
        output.print_json(msgspec.to_builtins(done) | {"file": str(target)})
    else:
        output.say(
            f"wrote {target}: {output.counted(done.position, 'event')}, "
            f"{output.counted(done.images, 'image')}, "
            f"{output.mebibytes(done.size_bytes)}; keep it as secret as a key"
        )


@click.command()
@click.argument(
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=False,
)
@json_option
@pass_this_machine
def restore(here: Here, *, file: Path | None, as_json: bool) -> None:
    """Bring a backup back, into an empty data directory.

    The routers went on without this log, so nothing that was in progress goes on by
    itself: each such operation is held until a person has looked at its router
    (`flashlog device check`) and resumes or cancels it (`flashlog operation resume`).

    A database (FLASHLOG_DATABASE_URL) comes back by pg_restore; then this command
    without FILE, before anything is started, holds what was in progress.

    \b
    Examples:
      FLASHLOG_DATA_DIR=/srv/flashlog flashlog restore flashlog-friday.backup
      pg_restore --dbname flashlog friday.dump && flashlog restore
    """
    done = restore_backup(here.settings, file) if file else _hold_in_database(here)
    if as_json:
        output.print_json(done)
        return
    output.say(
        f"restored {output.counted(done.position, 'event')} as of {done.made_at}"
    )
    for operation_id in done.held:
        output.say(f"held for you to decide: flashlog operation show {operation_id}")


def _hold_in_database(here: Here) -> Restored:
    if not here.settings.database_url:
        msg = "say which FILE to restore"
        raise click.UsageError(msg)
    held = hold_restored(here.flashlog)
    log = here.flashlog.log
    made_at = log.recorder.last_recorded_at().isoformat(timespec="seconds")
    return Restored(log.end(), made_at, held)


def _web(here: Here) -> HealthFact:
    """Ask the web process as anybody does: only an answer shows that it is well."""
    url = noted_address(here.settings.data_dir)
    answer = probe(url, "/health/live") if url else Probe(0, "it is just starting")
    finding = "answers" if answer.is_well else f"does not answer: {answer.text}"
    return HealthFact(
        name="web", is_well=answer.is_well, finding=f"{url} {finding}".strip()
    )


COMMANDS = (health, rebuild, backup, restore)
