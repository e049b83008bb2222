"""Where a device is: one of the locations, or one that is told on the spot."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g
from marshmallow import Schema, fields

from application.commands.locations import (
    Place,
    change_location,
    create_location,
    locate_device,
)
from application.errors import InvalidError
from application.projections.views import Row
from web.answers import json_answer
from web.api.bodies import as_uuid, body, load_from
from web.api.controller.geometry import is_geometry
from web.api.controller.location import NO_GEOMETRY, PlaceBody
from web.api.controller.writing import active_device
from web.api.described import Description, described
from web.api.fields import NOT_A_UUID, NOT_NULL, REQUIRED, Body
from web.api.lookup import changeable, missing, own_reference, visible
from web.api.resource import Resource
from web.state import flashlog

_NEITHER = "Give the id of a location, or a Feature that describes one."


class DeviceLocationBody(Body):
    """The id of a location, or a GeoJSON Feature that describes one."""

    location = fields.Raw(required=True)


class FeatureShown(Schema):
    """A location as a GeoJSON Feature."""

    id = fields.UUID()
    type = fields.Constant("Feature")
    geometry = fields.Dict(allow_none=True)
    properties = fields.Dict(
        metadata={"description": "type, is_mobile, name and address"}
    )


class DeviceLocationShown(Schema):
    """Where a device is."""

    location = fields.Nested(FeatureShown)
    floorplan = fields.Raw(allow_none=True, metadata={"description": "always null"})
    indoor = fields.Raw(allow_none=True, metadata={"description": "always null"})


@described(Description(answers={HTTPStatus.OK: DeviceLocationShown}))
def _get(device_id: UUID) -> Response:
    """Show where a device is; 404 where that is not known."""
    return json_answer(_shown(_location_id(visible("device", device_id))))


@described(
    Description(
        body=DeviceLocationBody,
        answers={
            HTTPStatus.OK: DeviceLocationShown,
            HTTPStatus.CREATED: DeviceLocationShown,
        },
    )
)
def _put(device_id: UUID) -> Response:
    """Say where a device is; 201 when that was not known."""
    device = active_device(changeable("device", device_id))
    sent = body()
    if "location" not in sent:
        raise InvalidError.of("location", REQUIRED)
    location_id = _locate(device, sent["location"])
    is_new = device["location_id"] is None
    status = HTTPStatus.CREATED if is_new else HTTPStatus.OK
    return json_answer(_shown(location_id), status)


@described(
    Description(
        body=DeviceLocationBody,
        is_partial=True,
        answers={HTTPStatus.OK: DeviceLocationShown},
    )
)
def _patch(device_id: UUID) -> Response:
    """Say where a device is now."""
    device = active_device(changeable("device", device_id))
    location_id = _location_id(device)
    sent = body()
    if "location" in sent:
        location_id = _locate(device, sent["location"])
    return json_answer(_shown(location_id))


@described(Description(answers={HTTPStatus.NO_CONTENT: None}))
def _delete(device_id: UUID) -> Response:
    """Forget where a device is; the location stays."""
    device = active_device(changeable("device", device_id))
    _location_id(device)
    locate_device(flashlog(), device_id, None, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _location_id(device: Row) -> UUID:
    if device["location_id"] is None:
        raise missing("DeviceLocation")
    return UUID(device["location_id"])


def _locate(device: Row, told: Any) -> UUID:
    """Let the device be where it is told to be. Raises InvalidError on `location`."""
    if told is None or told == "":
        raise InvalidError.of("location", NOT_NULL)
    if isinstance(told, dict):
        return _describe(device, told)
    location_id = as_uuid(told)
    if location_id is None:
        raise InvalidError({"location": {"location": NOT_A_UUID}})
    try:
        own_reference("location", "location", location_id)
        locate_device(flashlog(), UUID(device["id"]), location_id, by=g.user_id)
    except InvalidError as error:
        raise _nested(error) from None
    return location_id


def _describe(device: Row, feature: dict[str, Any]) -> UUID:
    """Change the device's location to what a Feature says, or make one of it."""
    said = _place(feature)
    if device["location_id"]:
        location_id = UUID(device["location_id"])
        change_location(flashlog(), location_id, said, by=g.user_id)
        return location_id
    place = Place(organization_id=UUID(device["organization_id"]), **said)
    location_id = create_location(flashlog(), place, by=g.user_id)
    locate_device(flashlog(), UUID(device["id"]), location_id, by=g.user_id)
    return location_id


def _place(feature: dict[str, Any]) -> dict[str, Any]:
    """Return what a Feature says of a place. Raises InvalidError on `location`."""
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        raise InvalidError.of("location", _NEITHER)
    try:
        said = load_from(PlaceBody, properties)
    except InvalidError as error:
        raise InvalidError({"location": error.fields}) from None
    geometry = feature.get("geometry")
    needs = geometry is not None or not said.get("is_mobile")
    if needs and not is_geometry(geometry):
        raise InvalidError({"location": {"geometry": [NO_GEOMETRY]}})
    return said | {"geometry": geometry}


def _nested(error: InvalidError) -> InvalidError:
    sentences = error.fields.get("location", [])
    return InvalidError({"location": {"location": " ".join(sentences)}})


def _shown(location_id: UUID) -> dict[str, Any]:
    row = visible("location", location_id)
    geometry = row["geometry"]
    feature = {
        "id": row["id"],
        "type": "Feature",
        "geometry": msgspec.json.decode(geometry) if geometry else None,
        "properties": {
            "type": row["type"],
            "is_mobile": bool(row["is_mobile"]),
            "name": row["name"],
            "address": row["address"],
        },
    }
    return {"location": feature, "floorplan": None, "indoor": None}


DETAIL = Resource(
    "device-location",
    model="devicelocation",
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
