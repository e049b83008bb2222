"""What happened: every event that one may see, newest first, and live."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from flask import Response, request, url_for

from application.feed.audience import Audience, Wanted
from application.feed.occurrence import Occurrence
from application.feed.pages import Found, find_before
from application.queries.belonging import Viewer, organization_of
from application.queries.telling import in_words, names_of, teller, told
from application.queries.tenancy import KINDS, find
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.console.history.section import EVENT_KINDS, blueprint, path_of
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import marked
from web.event_query import asked_events, whole
from web.state import flashlog

_SHOWN = 50
_NEWEST = 2**62
_ASKED = {
    "type": marked("about"),
    "device": marked("device"),
    "batch": marked("mass upgrade"),
    "operation": marked("upgrade of"),
}
# What Flashlog notes for itself: shown to those who ask for it.
_OWN = frozenset({"Reservation", "IdempotencyKey"})


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """One event as it is shown. `data` is all that it carries, as JSON."""

    position: int
    at: datetime
    kind: str
    name: str
    path: str
    words: str
    by: str
    data: str


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What narrows the list, and the way to leave it out."""

    words: str
    without: str


@blueprint.page("/history/")
def index() -> Response:
    """Show the stream of events."""
    asked = [(n, v) for n, v in request.args.items(multi=True) if n in _ASKED and v]
    before = request.args.get("before", "")
    found = find_before(
        flashlog(),
        Audience(viewer=Viewer.of(asking()), wanted=_wanted()),
        before=whole("before", before) if before else _NEWEST,
        limit=_SHOWN,
    )
    older = urlencode([*asked, ("before", str(found.position))])
    return show(
        "history.html",
        lines=_lines(found),
        older=None if found.is_caught_up else f"?{older}",
        is_newest=not before,
        newest="?" + urlencode(asked),
        follows=urlencode(asked) or "everything",
        filters=_filters(asked),
        kinds=sorted(
            ((each, _(EVENT_KINDS[each])) for each in EVENT_KINDS), key=itemgetter(1)
        ),
        type=request.args.get("type", ""),
        others=[pair for pair in asked if pair[0] != "type"],
    )


def _wanted() -> Wanted:
    """Return what is asked for; what Flashlog notes for itself is not, unless said."""
    wanted = asked_events()
    if wanted.types:
        return wanted
    return msgspec.structs.replace(wanted, types=frozenset(EVENT_KINDS) - _OWN)


def _lines(found: Found) -> list[Line]:
    about = [str(each.entry.event.originator_id) for each in found.occurrences]
    names = names_of(flashlog().views, about)
    return [_line(each, names) for each in found.occurrences]


def _line(occurrence: Occurrence, names: Mapping[str, str]) -> Line:
    entry = occurrence.entry
    about = str(entry.event.originator_id)
    kind = occurrence.topic.partition(":")[0]
    data = msgspec.json.decode(occurrence.encoded)["data"]
    return Line(
        position=occurrence.position,
        at=entry.recorded_at,
        kind=_(EVENT_KINDS[kind]),
        name=names.get(about) or about[:8],
        path=path_of(kind, about),
        words=told(entry.event),
        by=teller(flashlog(), entry.event),
        data=msgspec.json.format(msgspec.json.encode(data), indent=2).decode(),
    )


def _filters(asked: Sequence[tuple[str, str]]) -> list[Filter]:
    names = names_of(flashlog().views, filter(_is_told, map(itemgetter(1), asked)))
    return [
        Filter(
            words=f"{_(_ASKED[name])}: {names.get(value) or _kind(value)}",
            without=url_for("history.index") + "?" + urlencode(_but(asked, each)),
        )
        for each, (name, value) in enumerate(asked)
    ]


def _is_told(asked: str) -> bool:
    """Whether this is the id of something whose name may be told to whoever asks."""
    thing_id = as_uuid(asked)
    if thing_id is None:
        return False
    views, account = flashlog().views, asking()
    owner = organization_of(views, thing_id)
    if owner is not None:
        return account.may_see(UUID(owner))
    # Of what all share, mass upgrades alone are asked for here.
    return account.is_superuser or bool(find(views, account, KINDS["batch"], thing_id))


def _kind(asked: str) -> str:
    """Return the words for a type that is asked for, or for one of its events."""
    kind, _colon, event = asked.partition(":")
    return " ".join(filter(None, (_(EVENT_KINDS.get(kind, asked)), in_words(event))))


def _but(asked: Sequence[Any], number: int) -> list[Any]:
    return [*asked[:number], *asked[number + 1 :]]
