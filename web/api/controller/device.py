"""Devices: list, register, change, delete."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g, request

from application.access import ALL, Condition
from application.commands.device_changes import change_device
from application.commands.device_lifecycle import StillActiveError, delete_device
from application.commands.devices import NewDevice, add_device
from application.errors import InvalidError
from application.past.house import Fill
from application.past.stories import of_device, of_devices
from application.queries.lists import Query
from web.answers import json_answer, refusal
from web.api.authentication import asking
from web.api.bodies import load
from web.api.controller import filters
from web.api.controller.device_shape import (
    DeviceBody,
    DeviceRowShown,
    DeviceShown,
    NewDeviceBody,
    listed_device,
    new_device,
    said,
    shown_device,
)
from web.api.controller.writing import active_device, told_as
from web.api.described import Description, Parameter, described
from web.api.fields import NO_CHOICE
from web.api.listing import listed
from web.api.lookup import changeable, made, own_reference, visible
from web.api.moments import at
from web.api.past import AS_OF, as_of, as_owned_then
from web.api.resource import Resource
from web.state import flashlog

_STATUSES = ("modified", "applied", "error", "deactivating", "deactivated")
_QUERY = (
    *filters.OF_ORGANIZATION,
    Parameter(name="name", meaning="a part of the name"),
    Parameter(name="mac_address", meaning="a part of the MAC address"),
    Parameter(name="address", meaning="dialled at exactly this address"),
    Parameter(name="group", meaning="id of the group", format="uuid"),
    Parameter(name="location", meaning="id of the location", format="uuid"),
    Parameter(name="location__name", meaning="a part of the location's name"),
    Parameter(name="with_geo", meaning="at a location, or not", kind="boolean"),
    Parameter(name="config__status", meaning="no device has one", choices=_STATUSES),
    Parameter(name="config__backend", meaning="no device has one"),
    Parameter(name="config__templates", meaning="no device has any"),
    Parameter(name="created", meaning="registered at", format="date-time"),
    Parameter(name="created__gte", meaning="registered since", format="date-time"),
    Parameter(name="created__lt", meaning="registered before", format="date-time"),
)


def _devices() -> Fill:
    return of_devices(asking())


@described(
    Description(
        answers={HTTPStatus.OK: DeviceRowShown},
        is_list=True,
        query=(*_QUERY, AS_OF),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(_devices)
def _list() -> Response:
    """List devices, newest first."""
    conditions = (
        *filters.of_organization("device"),
        filters.contains("name", "device.name"),
        _mac_contains(),
        _dialled_at(),
        filters.of_reference("group", "device_group", "device.group_id"),
        filters.of_reference("location", "location", "device.location_id"),
        _location_contains(),
        _with_geo(),
        _of_configuration(),
        at("created", "device.created"),
        at("created__gte", "device.created", ">="),
        at("created__lt", "device.created", "<"),
    )
    query = Query(source="device", columns="device.*", conditions=conditions)
    return listed(query, lambda row: listed_device(as_owned_then(row)))


@described(
    Description(body=NewDeviceBody, answers={HTTPStatus.CREATED: DeviceRowShown})
)
def _post() -> Response:
    """Register a device; a key is made up where none is given."""
    sent = load(NewDeviceBody)
    _check_references(sent)
    with told_as({"name": "__all__", "mac_address": "non_field_errors"}):
        device_id = add_device(flashlog(), NewDevice(**said(sent)), by=g.user_id)
    return json_answer(new_device(made("device", device_id)), HTTPStatus.CREATED)


@described(
    Description(
        answers={HTTPStatus.OK: DeviceShown},
        query=(AS_OF,),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(of_device)
def _get(device_id: UUID) -> Response:
    """Show a device."""
    return json_answer(shown_device(as_owned_then(visible("device", device_id))))


@described(Description(body=DeviceBody, answers={HTTPStatus.OK: DeviceShown}))
def _put(device_id: UUID) -> Response:
    """Change a device; what is not named stays as it is."""
    return _change(device_id, is_partial=False)


@described(
    Description(body=DeviceBody, is_partial=True, answers={HTTPStatus.OK: DeviceShown})
)
def _patch(device_id: UUID) -> Response:
    """Change some of a device."""
    return _change(device_id, is_partial=True)


@described(
    Description(
        answers={HTTPStatus.NO_CONTENT: None},
        query=[
            Parameter(name="force", meaning="not needed here", kind="boolean"),
        ],
        refusals=[HTTPStatus.CONFLICT],
    )
)
def _delete(device_id: UUID) -> Response:
    """Delete a device that was deactivated before; its operations are kept."""
    changeable("device", device_id)
    try:
        delete_device(flashlog(), device_id, by=g.user_id)
    except StillActiveError as error:
        raise refusal(HTTPStatus.FORBIDDEN, str(error)) from None
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(device_id: UUID, *, is_partial: bool) -> Response:
    active_device(changeable("device", device_id))
    sent = load(DeviceBody, is_partial=is_partial)
    _check_references(sent)
    with told_as({"name": "__all__", "mac_address": "__all__"}):
        change_device(flashlog(), device_id, said(sent), by=g.user_id)
    return json_answer(shown_device(visible("device", device_id)))


def _check_references(sent: dict[str, Any]) -> None:
    """Refuse references to what who asks has no part in. Raises InvalidError."""
    if "organization" in sent:
        own_reference("organization", "organization", sent["organization"])
    if sent.get("group"):
        own_reference("group", "device_group", sent["group"])


def _mac_contains() -> Condition:
    text = request.args.get("mac_address", "").replace("-", ":").lower()
    if not text:
        return ALL
    return Condition("instr(device.mac_address, ?) > 0", (text,))


def _dialled_at() -> Condition:
    address = request.args.get("address")
    if not address:
        return ALL
    return Condition("? IN (SELECT value FROM json_each(device.addresses))", (address,))


def _location_contains() -> Condition:
    found = filters.contains("location__name", "location.name")
    if found is ALL:
        return found
    ids = f"SELECT id FROM location WHERE {found.text}"  # noqa: S608
    return Condition(f"device.location_id IN ({ids})", found.values)


def _with_geo() -> Condition:
    wanted = filters.truth("with_geo")
    if wanted is None:
        return ALL
    return Condition(f"device.location_id IS {'NOT ' if wanted else ''}NULL")


def _of_configuration() -> Condition:
    """Find nothing where a configuration is asked for: no device has one."""
    status = request.args.get("config__status")
    if status and status not in _STATUSES:
        raise InvalidError.of("config__status", NO_CHOICE)
    names = ("config__status", "config__backend", "config__templates")
    return filters.NONE if any(map(request.args.get, names)) else ALL


_MODEL = "device"
LIST = Resource("device-list", model=_MODEL, get=_list, post=_post)
DETAIL = Resource(
    "device-detail", model=_MODEL, get=_get, put=_put, patch=_patch, delete=_delete
)
