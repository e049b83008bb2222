"""What events carry, for whoever reads the feed, the history or an export."""

from http import HTTPStatus

from flask import Response
from marshmallow import Schema, fields

from application.queries.event_schemas import event_schema, event_types
from web.answers import json_answer
from web.api.described import Description, described
from web.api.resource import PublicResource


class EventTypeShown(Schema):
    """A type of events."""

    type = fields.String(required=True)
    aggregate = fields.String(required=True)
    name = fields.String(required=True)
    version = fields.Integer(required=True)
    meaning = fields.String(required=True)


class EventTypesShown(Schema):
    """All types of events."""

    types = fields.List(fields.Nested(EventTypeShown), required=True)


@described(Description(answers={HTTPStatus.OK: EventTypesShown}))
def _list() -> Response:
    """List the types of events that there are."""
    return json_answer({"types": event_types()})


@described(
    Description(answers={HTTPStatus.OK: None}, media_type="application/schema+json")
)
def _detail(event_type: str) -> Response:
    """Show what an event of one type carries, as JSON Schema (draft 2020-12)."""
    answer = json_answer(event_schema(event_type))
    answer.mimetype = "application/schema+json"
    return answer


LIST = PublicResource("event-type-list", get=_list)
DETAIL = PublicResource("event-type-detail", get=_detail)
