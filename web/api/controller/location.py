"""Locations: where devices are."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g
from marshmallow import Schema, fields

from application.access import ALL, Condition
from application.commands.locations import (
    KINDS,
    Place,
    change_location,
    create_location,
    delete_location,
)
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.lists import Query
from web.answers import json_answer
from web.api.bodies import load
from web.api.controller import filters
from web.api.controller.geometry import Geometry
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Choice, Id, Text, Truth
from web.api.filters import choice
from web.api.listing import listed
from web.api.lookup import changeable, made, own_reference, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

NO_GEOMETRY = "No geometry value provided."

_NAME_LENGTH_MAX = 75
_QUERY = (
    *filters.OF_ORGANIZATION,
    Parameter(name="type", meaning="what kind of place it is", choices=KINDS),
    Parameter(name="is_mobile", meaning="whether it moves", kind="boolean"),
)


class PlaceBody(Body):
    """A place, of whomever it is."""

    name = Text(required=True, length_max=_NAME_LENGTH_MAX)
    type = Choice(KINDS, required=True)
    is_mobile = Truth()
    address = Text(blank=True, length_max=256)


class LocationBody(PlaceBody):
    """A place of one organization; one that does not move needs a geometry."""

    organization = Id(required=True)
    geometry = Geometry()


class LocationShown(Schema):
    """A place of one organization."""

    id = fields.UUID()
    organization = fields.UUID()
    name = fields.String()
    type = fields.String()
    is_mobile = fields.Boolean()
    address = fields.String()
    geometry = fields.Dict(allow_none=True, metadata={"description": "GeoJSON"})
    floorplan = fields.List(fields.Raw(), metadata={"description": "always empty"})
    created = fields.DateTime()
    modified = fields.DateTime()


@described(
    Description(answers={HTTPStatus.OK: LocationShown}, is_list=True, query=_QUERY)
)
def _list() -> Response:
    """List locations, newest first."""
    conditions = (
        *filters.of_organization("location"),
        filters.equal("location.type", choice("type", KINDS)),
        _is_mobile(),
    )
    query = Query(source="location", columns="*", conditions=conditions)
    return listed(query, _shown)


@described(Description(body=LocationBody, answers={HTTPStatus.CREATED: LocationShown}))
def _post() -> Response:
    """Make a location."""
    said = _said(load(LocationBody))
    if said.get("geometry") is None and not said.get("is_mobile"):
        raise InvalidError.of("geometry", NO_GEOMETRY)
    location_id = create_location(flashlog(), Place(**said), by=g.user_id)
    return json_answer(_shown(made("location", location_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: LocationShown}))
def _get(location_id: UUID) -> Response:
    """Show a location."""
    return json_answer(_shown(visible("location", location_id)))


@described(Description(body=LocationBody, answers={HTTPStatus.OK: LocationShown}))
def _put(location_id: UUID) -> Response:
    """Change a location; what is not named stays as it is."""
    return _change(location_id, is_partial=False)


@described(
    Description(
        body=LocationBody, is_partial=True, answers={HTTPStatus.OK: LocationShown}
    )
)
def _patch(location_id: UUID) -> Response:
    """Change some of a location."""
    return _change(location_id, is_partial=True)


@described(Description(answers={HTTPStatus.NO_CONTENT: None}))
def _delete(location_id: UUID) -> Response:
    """Delete a location; its devices go on without one."""
    changeable("location", location_id)
    delete_location(flashlog(), location_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(location_id: UUID, *, is_partial: bool) -> Response:
    row = changeable("location", location_id)
    said = _said(load(LocationBody, is_partial=is_partial))
    geometry = said.get("geometry", row["geometry"])
    if geometry is None and not said.get("is_mobile", row["is_mobile"]):
        raise InvalidError.of("geometry", NO_GEOMETRY)
    change_location(flashlog(), location_id, said, by=g.user_id)
    return _get(location_id)


def _said(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says, as commands know it. Raises InvalidError."""
    if "organization" in sent:
        own_reference("organization", "organization", sent["organization"])
        sent["organization_id"] = sent.pop("organization")
    return sent


def _is_mobile() -> Condition:
    wanted = filters.truth("is_mobile")
    return ALL if wanted is None else Condition(f"is_mobile = {int(wanted)}")


def _shown(row: Row) -> dict[str, Any]:
    geometry = row["geometry"]
    return {
        "id": row["id"],
        "organization": row["organization_id"],
        "name": row["name"],
        "type": row["type"],
        "is_mobile": bool(row["is_mobile"]),
        "address": row["address"],
        "geometry": msgspec.json.decode(geometry) if geometry else None,
        "floorplan": [],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
    }


_MODEL = "location"
LIST = Resource("location-list", model=_MODEL, get=_list, post=_post)
DETAIL = Resource(
    "location-detail", model=_MODEL, get=_get, put=_put, patch=_patch, delete=_delete
)
