"""What was said to a router in an upgrade, and what it answered: visit by visit."""

from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from flask import Response
from marshmallow import Schema, fields

from application.projections.rows import moment
from application.recordings.lines import AnyLine
from application.recordings.visits import RecordedVisit, lines_of, recorded_visits
from web.answers import refusal
from web.api.described import Description, described
from web.api.lookup import visible
from web.api.pages import Page, paginated
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

# Whoever may only look sees what Flashlog concluded; what routers print may be more
# than that. The same in the console.
MAY_SEE = "change_upgradeoperation"

T = TypeVar("T")


class VisitShown(Schema):
    """A recorded visit.

    `number` counts those of the operation; `position` is that of the event which names
    the recording, `time` when the visit had ended. `commands` is how many it tells of,
    `sha256` and `size_bytes` are those of its file as it was written. Where it could
    not be kept `trouble` says why.
    """

    number = fields.Integer()
    position = fields.Integer()
    time = fields.DateTime()
    attempt = fields.Integer()
    commands = fields.Integer()
    sha256 = fields.String()
    size_bytes = fields.Integer()
    trouble = fields.String()


class LineShown(Schema):
    """One thing that a visit did, or `missing`: why nothing is known of it.

    `kind` says what `data` has, as the documentation describes it for the file that
    `flashlog audit record` writes; `after_seconds` counts from its beginning.
    """

    number = fields.Integer()
    kind = fields.String()
    after_seconds = fields.Float(allow_none=True)
    data = fields.Dict()


@described(
    Description(
        answers={HTTPStatus.OK: VisitShown},
        is_list=True,
    )
)
def _visits(operation_id: UUID) -> Response:
    """List the recorded visits of an upgrade, in their order.

    Of a visit in which nobody was let in there is none: why is in the history.
    """
    visible("operation", operation_id)
    found = recorded_visits(flashlog(), operation_id)
    return paginated(
        len(found), lambda page: [_visit(each) for each in _some(found, page)]
    )


@described(
    Description(
        answers={HTTPStatus.OK: LineShown},
        is_list=True,
    )
)
def _lines(operation_id: UUID, number: int) -> Response:
    """List what a visit said to the router and what it answered, in that order."""
    visible("operation", operation_id)
    visits = recorded_visits(flashlog(), operation_id)
    if not 0 < number <= len(visits):
        raise refusal(HTTPStatus.NOT_FOUND, "There is no such visit.")
    found = list(enumerate(lines_of(flashlog(), visits[number - 1]), start=1))
    return paginated(
        len(found), lambda page: [_line(*each) for each in _some(found, page)]
    )


def _some(found: list[T], page: Page) -> list[T]:
    return found[page.offset : page.offset + page.size]


def _visit(visit: RecordedVisit) -> dict[str, Any]:
    names = ("number", "position", "attempt", "commands", "sha256", "size_bytes")
    told = {name: getattr(visit, name) for name in (*names, "trouble")}
    return told | {"time": timestamp(moment(visit.at))}


def _line(number: int, line: AnyLine) -> dict[str, Any]:
    data = msgspec.to_builtins(line)
    return {
        "number": number,
        "kind": data.pop("kind"),
        "after_seconds": data.pop(
            "after_seconds", getattr(line, "after_seconds", None)
        ),
        "data": data,
    }


_NEEDS = {"GET": (MAY_SEE,), "HEAD": (MAY_SEE,), "OPTIONS": (MAY_SEE,)}
VISITS = Resource(
    "upgrade-operation-recordings", model="upgradeoperation", needs=_NEEDS, get=_visits
)
LINES = Resource(
    "upgrade-operation-recording", model="upgradeoperation", needs=_NEEDS, get=_lines
)
