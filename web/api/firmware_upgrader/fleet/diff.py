"""Which devices changed firmware between two moments, and why."""

from http import HTTPStatus
from typing import Any

from flask import Response, request
from marshmallow import Schema, fields, validate

from application.errors import InvalidError
from application.past.diff import differences, in_words
from application.past.moments import position_of
from web.api.authentication import asking
from web.api.described import Description, Parameter, described
from web.api.firmware_upgrader.fleet.shapes import (
    OF_ORGANIZATION,
    RanShown,
    SeenShown,
    devices_seen,
)
from web.api.pages import Page, paginated
from web.api.past import patiently
from web.api.resource import Resource
from web.state import flashlog

_CHANGES = ("appeared", "changed", "left")
_MOMENT = "position or date/time"


class DifferenceShown(Schema):
    """A device that was not the same at both moments.

    `from` is null where it has appeared, `to` where it has left. `steps` are what it
    was seen to run between, oldest first.
    """

    device = fields.UUID()
    device_name = fields.String()
    change = fields.String(validate=validate.OneOf(_CHANGES))
    from_ = fields.Nested(RanShown, allow_none=True, data_key="from")
    to = fields.Nested(RanShown, allow_none=True)
    steps = fields.List(fields.Nested(SeenShown))


@described(
    Description(
        answers={HTTPStatus.OK: DifferenceShown},
        is_list=True,
        query=(
            Parameter(name="from", meaning=f"{_MOMENT}; default the start"),
            Parameter(name="to", meaning=f"{_MOMENT}; default now"),
            OF_ORGANIZATION,
        ),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _list() -> Response:
    """List the devices that run otherwise than before, with how that came."""
    text = request.args.get("from")
    start = position_of(flashlog(), "from", text) if text else 0
    to = request.args.get("to")
    end = position_of(flashlog(), "to", to) if to else flashlog().log.end()
    if start > end:
        raise InvalidError.of("from", "This is later than `to`.")
    with patiently() as patience:
        found = list(
            differences(
                flashlog(), devices_seen(), start=start, end=end, patience=patience
            )
        )

    def rows(page: Page) -> list[dict[str, Any]]:
        shown = found[page.offset : page.offset + page.size]
        return in_words(flashlog(), asking(), shown)

    return paginated(len(found), rows)


DIFF = Resource("fleet-diff", model="device", get=_list)
