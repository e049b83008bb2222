"""The event feed for those who ask over HTTP: the log from a position on."""

from collections.abc import Sequence
from http import HTTPStatus
from math import inf
from time import monotonic

import msgspec
from flask import Response, request
from marshmallow import Schema, fields

from application.access import Account
from application.errors import InvalidError
from application.feed.audience import Audience
from application.feed.pages import Found, find
from application.queries.belonging import Viewer
from web.answers import json_answer, refusal
from web.api.authentication import asking
from web.api.described import Description, Parameter, described
from web.api.resource import NO_PERMISSION, Resource
from web.event_query import asked_events, asked_position, whole
from web.state import flashlog, state

_LIMIT = 100
_LIMIT_MAX = 1000


class EventShown(Schema):
    """An event in CloudEvents 1.0 JSON."""

    specversion = fields.String(required=True)
    id = fields.String(required=True)
    source = fields.String(required=True)
    type = fields.String(required=True)
    subject = fields.UUID(required=True)
    time = fields.DateTime(required=True)
    datacontenttype = fields.String(required=True)
    position = fields.Integer(required=True)
    data = fields.Dict(required=True)


class EventsShown(Schema):
    """Events in their order; go on after `position`."""

    events = fields.List(fields.Nested(EventShown), required=True)
    position = fields.Integer(required=True)
    is_caught_up = fields.Boolean(required=True)


def _of(name: str) -> Parameter:
    meaning = f"of this {name}; may be repeated"
    return Parameter(name=name, meaning=meaning, format="uuid")


_PARAMETERS: Sequence[Parameter] = (
    Parameter(name="after", meaning="position to go on after, or `end`; default 0"),
    Parameter(
        name="limit",
        meaning=f"events at most, up to {_LIMIT_MAX}; default {_LIMIT}",
        kind="integer",
    ),
    Parameter(
        name="wait", meaning="seconds to wait for an event at most", kind="number"
    ),
    _of("device"),
    _of("batch"),
    _of("operation"),
    Parameter(name="type", meaning="of this type or aggregate; may be repeated"),
)


@described(
    Description(
        answers={HTTPStatus.OK: EventsShown},
        query=_PARAMETERS,
        refusals=[HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT],
    )
)
def _list() -> Response:
    """List events after a position, oldest first, and wait for one if asked to."""
    audience = Audience(viewer=Viewer.of(asking()), wanted=asked_events())
    limit = _limit()
    wait_until = monotonic() + _wait_seconds()
    after = asked_position(flashlog())
    found = find(flashlog(), audience, after=after, limit=limit)
    # Where too many wait already, an answer at once is what a wait may end in, too.
    if _is_nothing(found, after) and state().waits.acquire(blocking=False):
        try:
            found = _awaited(audience, found, limit=limit, wait_until=wait_until)
        finally:
            state().waits.release()
    return json_answer(
        {
            "events": [msgspec.Raw(each.encoded) for each in found.occurrences],
            "position": found.position,
            "is_caught_up": found.is_caught_up,
        }
    )


def _awaited(
    audience: Audience, found: Found, *, limit: int, wait_until: float
) -> Found:
    with state().follower.listening():
        while (left := wait_until - monotonic()) > 0:
            after = found.position
            found = find(flashlog(), audience, after=after, limit=limit)
            if not _is_nothing(found, after):
                return found
            if not state().follower.wait_beyond(found.position, limit_seconds=left):
                break
    return found


def _is_nothing(found: Found, after: int) -> bool:
    """Whether there is nothing yet to answer with that would be worth an answer."""
    has_looked_through = found.position > after and not found.is_caught_up
    return not (found.occurrences or has_looked_through)


def _limit() -> int:
    text = request.args.get("limit", "")
    limit = whole("limit", text) if text else _LIMIT
    if not limit:
        raise InvalidError.of("limit", "Ask for 1 event or more.")
    return min(limit, _LIMIT_MAX)


def _wait_seconds() -> float:
    try:
        seconds = float(request.args.get("wait", "") or 0)
    except ValueError:
        seconds = inf
    if not 0 <= seconds < inf:
        raise InvalidError.of("wait", "A valid number of 0 or more is required.")
    return min(seconds, flashlog().settings.feed_wait_seconds_max)


class _Events(Resource):
    """Whoever may view anything of an organization may follow what happens to it."""

    def admit(self) -> None:
        super().admit()
        account: Account = asking()
        if not Viewer.of(account).sees_anything():
            raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)

    def needed(self, method: str) -> list[tuple[str, ...]]:
        return [] if method in {"GET", "HEAD", "OPTIONS"} else super().needed(method)


LIST = _Events("event-list", model="event", get=_list)
