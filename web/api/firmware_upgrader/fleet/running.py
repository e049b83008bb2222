"""What the fleet runs, and has run at any moment."""

from http import HTTPStatus

import msgspec
from flask import Response
from marshmallow import Schema, fields

from application.past.house import Fill
from application.past.stories import of_fleet
from application.queries.fleet_versions import fleet_versions
from web.answers import json_answer
from web.api.authentication import asking
from web.api.described import Description, described
from web.api.past import AS_OF, as_of
from web.api.resource import Resource
from web.state import flashlog


class ShareShown(Schema):
    """Devices that run the same: a build from here, or what a visit has found.

    `build` is null for firmware that did not come from here; `version` is blank where
    no visit has found anything yet.
    """

    version = fields.String()
    count = fields.Integer(metadata={"description": "devices that run it"})
    category = fields.String()
    build = fields.UUID(allow_none=True)


class FleetShown(Schema):
    """What the fleet runs, the commonest first."""

    count = fields.Integer(metadata={"description": "devices"})
    running = fields.List(fields.Nested(ShareShown))


def _fleet() -> Fill:
    return of_fleet(asking())


@described(
    Description(
        answers={HTTPStatus.OK: FleetShown},
        query=(AS_OF,),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(_fleet)
def _show() -> Response:
    """Count the devices that run each firmware."""
    shares = fleet_versions(flashlog().views, asking())
    running = [
        msgspec.structs.asdict(each) | {"build": each.build_id or None}
        for each in shares
    ]
    for each in running:
        del each["build_id"]
    count = sum(each.count for each in shares)
    return json_answer({"count": count, "running": running})


RUNNING = Resource("fleet", model="device", get=_show)
