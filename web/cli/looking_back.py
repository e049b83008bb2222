"""`flashlog audit show`: what happened to a thing, and what it was then."""

from collections.abc import Callable, Mapping
from uuid import UUID

import click

from application.access import Account
from application.commands.images import find_image
from application.commands.users import user_meant
from application.flashlog import Flashlog
from application.past.moments import position_of
from application.past.states import state_at
from application.queries.ever_seen import is_ever_seen
from application.queries.finding import find_operation
from application.queries.finding_batches import find_batch
from application.queries.finding_devices import find_device
from application.queries.histories import (
    Happened,
    about_batch,
    about_device,
    history_of,
)
from web.cli import output
from web.cli.here import Here, json_option, pass_here

# Who reaches the log itself may read all of it.
EVERYBODY = Account(
    user_id=UUID(int=0), is_active=True, is_staff=True, is_superuser=True
)
_FIND: Mapping[str, Callable[[Flashlog, str], UUID]] = {
    "operation": find_operation,
    "device": find_device,
    "batch": find_batch,
    "image": find_image,
    "user": user_meant,
}
# What of a row says most of the thing at a glance.
_TOLD = ("name", "file_name", "status", "phase", "progress", "release", "revision")


@click.command()
@click.argument("kind", type=click.Choice(list(_FIND)))
@click.argument("name", metavar="NAME|ID")
@click.option(
    "--as-of",
    metavar="MOMENT",
    help="A position of the log or a date/time: what was known then.",
)
@json_option
@pass_here
def show(here: Here, *, kind: str, name: str, as_of: str | None, as_json: bool) -> None:
    """Tell all that happened to a thing, event by event.

    Oldest first. A device and a mass upgrade are told with their upgrades. What was
    deleted is found by its id.

    \b
    Examples:
      flashlog audit show device roof-7
      flashlog audit show operation 3f2a9c --as-of 2026-05-01T12:00:00Z
      flashlog audit show user admin --json | jq -r '.events[].type'
    """
    flashlog = here.flashlog
    thing_id = _found(flashlog, kind, name)
    end = flashlog.log.end()
    until = position_of(flashlog, "--as-of", as_of) if as_of else end
    history = history_of(flashlog, _about(flashlog, kind, thing_id), until=until)
    told = history.page(flashlog, EVERYBODY, limit=len(history.positions))
    state = state_at(flashlog, kind, thing_id, until)
    if as_json:
        said = {"kind": kind, "id": thing_id, "as_of": until, "state": state}
        output.print_json(said | {"events": told})
        return
    output.print_facts(
        {kind: thing_id, "as of": until}
        | {key: (state or {}).get(key) for key in _TOLD}
    )
    output.print_table(
        ["POSITION", "WHEN", "WHAT", "BY", "ATTEMPT"],
        [
            (
                each.position,
                output.moment(each.time),
                each.line,
                _who(each),
                each.attempt or "",
            )
            for each in told
        ],
        empty="nothing had happened to it yet",
    )


def _who(each: Happened) -> str:
    return each.by_name or str(each.by or "")


def _found(flashlog: Flashlog, kind: str, text: str) -> UUID:
    """Find a thing, also one that was deleted by its id. Raises NotFoundError."""
    try:
        thing_id = UUID(text)
    except ValueError:
        return _FIND[kind](flashlog, text)
    if is_ever_seen(flashlog, EVERYBODY, kind, thing_id):
        return thing_id
    return _FIND[kind](flashlog, text)


def _about(flashlog: Flashlog, kind: str, thing_id: UUID) -> list[UUID]:
    if kind == "device":
        return about_device(flashlog, EVERYBODY, thing_id)
    if kind == "batch":
        return about_batch(flashlog, EVERYBODY, thing_id)
    return [thing_id]
