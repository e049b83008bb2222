"""`flashlog device import`: bring a fleet that is written down elsewhere."""

import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from application.adapters.openwisp import OpenWisp, OpenWispError
from application.commands.devices import NewCredentials
from application.errors import RefusedError
from application.importing.ansible import read_ansible
from application.importing.bringing import Bringing
from application.importing.known_hosts import KnownHosts
from application.importing.openwisp import FromOpenWisp
from application.importing.references import Defaults
from application.importing.sighting import Outcome, Sighting, SourceError
from application.importing.table import read_table
from web.cli import exits, logins, output
from web.cli.here import Here, json_option, pass_here

TOKEN = "OPENWISP_TOKEN"  # noqa: S105 - where it is, not what it is
_KINDS = ("csv", "ansible", "openwisp")
_TABLES = frozenset({".csv", ".tsv"})
_ORDER = ("new", "changed", "same", "skipped", "wrong")


@click.command("import")
@click.argument("source", metavar="FILE|URL")
@click.option(
    "--from",
    "kind",
    type=click.Choice(_KINDS),
    help="What SOURCE is [default: told from its name].",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen, and do nothing.")
@click.option(
    "--organization", metavar="SLUG", help="Whose routers they are, if it is not said."
)
@click.option(
    "--known-hosts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Pin the host keys of this file, of routers and of jump hosts.",
)
@click.option(
    "--last-ip",
    "uses_last_ip",
    is_flag=True,
    help="Dial what OpenWISP has seen last, too.",
)
@logins.options
@json_option
@pass_here
def import_(
    here: Here,
    *,
    source: str,
    kind: str | None,
    dry_run: bool,
    organization: str | None,
    known_hosts: Path | None,
    uses_last_ip: bool,
    login: logins.LoginOptions,
    as_json: bool,
) -> int:
    """Bring routers from CSV, Ansible or a running OpenWISP.

    What is there already is compared and brought up to date, so it may be run again.
    Try it with --dry-run first. The log-in given here is for those routers of which
    the source names none. The token of OpenWISP is in OPENWISP_TOKEN.

    \b
    Examples:
      flashlog device import routers.csv --key ~/.ssh/id_ed25519 --dry-run
      flashlog device import inventory.yml --known-hosts ~/.ssh/known_hosts
      flashlog device import https://openwisp.example --organization default
    """
    told = logins.read_if_given(here, login)
    default = told.new if told else None
    kind = kind or _kind_of(source)
    owner = here.organization(organization) if organization else None
    bringing = Bringing(
        here.flashlog,
        defaults=Defaults(
            log_in=default,
            jumps=told.jumps if told else (),
            organization_id=owner,
        ),
        known_hosts=_known_hosts(known_hosts),
        is_dry_run=dry_run,
        by=here.user_id,
    )
    try:
        with _by_itself(here):
            if kind == "openwisp":
                outcomes = _from_openwisp(
                    here,
                    source,
                    bringing,
                    default,
                    uses_last_ip=uses_last_ip,
                    is_dry_run=dry_run,
                )
            else:
                read = read_table if kind == "csv" else read_ansible
                sightings = list(read(Path(source), default=default))
                outcomes = _brought(bringing, sightings, len(sightings))
    except (SourceError, OpenWispError) as error:
        raise click.UsageError(f"{source}: {error}") from None
    return _tell(outcomes, is_dry_run=dry_run, as_json=as_json)


@contextmanager
def _by_itself(here: Here) -> Iterator[None]:
    """Let two imports not make the same log-ins, groups and locations twice."""
    with here.flashlog.alone("import") as is_alone:
        if not is_alone:
            msg = "another import is under way: wait until it has ended"
            raise RefusedError(msg)
        yield


def _known_hosts(path: Path | None) -> KnownHosts:
    try:
        return KnownHosts(path)
    except SourceError as error:
        raise click.UsageError(f"{path}: {error}") from None


def _kind_of(source: str) -> str:
    if source.startswith(("http://", "https://")):
        return "openwisp"
    return "csv" if Path(source).suffix.lower() in _TABLES else "ansible"


def _from_openwisp(
    here: Here,
    url: str,
    bringing: Bringing,
    default: NewCredentials | None,
    *,
    uses_last_ip: bool,
    is_dry_run: bool,
) -> list[Outcome]:
    token = os.environ.get(TOKEN, "")
    if not token:
        msg = f"the token of a superuser there must stand in {TOKEN}"
        raise click.UsageError(msg)
    source = FromOpenWisp(
        here.flashlog,
        OpenWisp(url, token),
        default=default,
        uses_last_ip=uses_last_ip,
        is_dry_run=is_dry_run,
        by=here.user_id,
    )
    belongings = list(source.belongings())
    sightings = source.sightings()
    return belongings + _brought(bringing, sightings, len(source.devices))


def _brought(
    bringing: Bringing, sightings: Iterable[Sighting], count: int
) -> list[Outcome]:
    """Bring them in, with a bar for people who wait."""
    with click.progressbar(
        map(bringing.bring, sightings),
        length=count,
        label="bringing routers",
        file=sys.stderr,
        hidden=not sys.stderr.isatty(),
    ) as shown:
        return list(shown)


def _tell(outcomes: Sequence[Outcome], *, is_dry_run: bool, as_json: bool) -> int:
    counts = Counter(outcome.verdict for outcome in outcomes)
    if as_json:
        told = {
            "dry_run": is_dry_run,
            "counts": {verdict: counts[verdict] for verdict in _ORDER},
            "outcomes": outcomes,
        }
        output.print_json(told)
    else:
        for line in _lines(outcomes):
            output.say(line)
        said = ", ".join(
            f"{counts[verdict]} {verdict}"
            for verdict in _ORDER
            if counts[verdict] or verdict != "skipped"
        )
        output.say(f"{'would be: ' if is_dry_run else ''}{said}")
    return exits.FAILED if counts["wrong"] else exits.DONE


def _lines(outcomes: Sequence[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        if outcome.said:
            said = "; ".join(outcome.said)
            yield f"{outcome.verdict}: {outcome.where} ({outcome.name}): {said}"
