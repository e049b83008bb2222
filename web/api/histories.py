"""How a history is asked for and answered, whatever it is of."""

from collections.abc import Callable, Iterable
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, request
from marshmallow import Schema, fields

from application.past.moments import position_of
from application.projections.rows import moment
from application.queries.ever_seen import is_ever_seen
from application.queries.histories import Happened, history_of
from web.api.authentication import asking
from web.api.described import Parameter
from web.api.lookup import missing
from web.api.pages import Page, paginated
from web.representation import timestamp
from web.state import flashlog

QUERY = (
    Parameter(
        name="ordering",
        meaning="oldest first, or newest first",
        choices=("position", "-position"),
    ),
    Parameter(
        name="as_of", meaning="up to this position of the log, or until this date/time"
    ),
)


class HappenedShown(Schema):
    """One event.

    `version` is its place in the story of its subject; `attempt` is that of an
    operation. `by` is a user, null where Flashlog itself did it; `by_name` is told to
    who may see users. `data` is all that the event carries, in the form that
    `/api/v1/schema/events/` describes.
    """

    position = fields.Integer()
    time = fields.DateTime()
    type = fields.String()
    version = fields.Integer()
    subject = fields.UUID()
    by = fields.UUID(allow_none=True)
    by_name = fields.String(allow_none=True)
    attempt = fields.Integer(allow_none=True)
    line = fields.String(metadata={"description": "the event in a sentence"})
    data = fields.Dict()


def require_ever_seen(kind: str, thing_id: UUID, *, model: str) -> None:
    """Refuse what there never was, or what belongs to others. Raises AnswerError."""
    if not is_ever_seen(flashlog(), asking(), kind, thing_id):
        raise missing(model)


def answer(
    ids: Iterable[UUID], told: Callable[[Happened], Happened] | None = None
) -> Response:
    """Answer with the page of a history that is asked for."""
    text = request.args.get("as_of")
    until = position_of(flashlog(), "as_of", text) if text else flashlog().log.end()
    history = history_of(flashlog(), ids, until=until)

    def rows(page: Page) -> list[dict[str, Any]]:
        found = history.page(
            flashlog(),
            asking(),
            limit=page.size,
            offset=page.offset,
            newest_first=request.args.get("ordering") == "-position",
        )
        return [_shown(told(each) if told else each) for each in found]

    return paginated(len(history.positions), rows)


def _shown(happened: Happened) -> dict[str, Any]:
    return msgspec.structs.asdict(happened) | {"time": timestamp(moment(happened.time))}
