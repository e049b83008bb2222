"""Connections: the credentials that are assigned to a device."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.access import Condition
from application.commands.automatic_firmware import note_firmware_of
from application.commands.connections import (
    OPENWRT,
    STRATEGIES,
    ConnectionFacts,
    add_connection,
    change_connection,
    remove_connection,
)
from application.projections.views import Row
from application.queries.lists import Order, Query
from web.answers import AnswerError, json_answer, refusal
from web.api.bodies import load
from web.api.controller.writing import active_device
from web.api.described import Description, described
from web.api.fields import Body, Choice, Id, Truth
from web.api.listing import listed
from web.api.lookup import changeable, not_shown_yet, own_reference, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog


class ConnectionBody(Body):
    """Credentials that are assigned to a device; a blank strategy is OpenWrt's."""

    credentials = Id(required=True)
    update_strategy = Choice(["", *STRATEGIES], blank=True)
    enabled = Truth()


class ConnectionShown(Schema):
    """Credentials that are assigned to a device."""

    id = fields.UUID()
    credentials = fields.UUID()
    update_strategy = fields.String()
    enabled = fields.Boolean()
    is_working = fields.Boolean(allow_none=True)
    failure_reason = fields.String()
    last_attempt = fields.DateTime(allow_none=True)
    created = fields.DateTime()
    modified = fields.DateTime()


@described(Description(answers={HTTPStatus.OK: ConnectionShown}, is_list=True))
def _list(device_id: UUID) -> Response:
    """List the connections of a device, newest first."""
    device = _device(device_id)
    query = Query(
        source="connection",
        columns="*",
        conditions=(Condition("parent_id = ?", (str(device_id),)),),
        orders=(Order(("place",)),),
    )
    return listed(query, lambda row: _shown(row, device))


@described(
    Description(body=ConnectionBody, answers={HTTPStatus.CREATED: ConnectionShown})
)
def _post(device_id: UUID) -> Response:
    """Let a device be logged in to; what it runs may be noted by that, too."""
    active_device(_device(device_id, to_change=True))
    sent = load(ConnectionBody)
    own_reference("credentials", "credentials", sent["credentials"])
    connection_id = add_connection(
        flashlog(), device_id, _facts(sent, {}), by=g.user_id
    )
    note_firmware_of(flashlog(), device_id, by=g.user_id)
    try:
        return _answer(device_id, connection_id, HTTPStatus.CREATED)
    except AnswerError:
        raise not_shown_yet(connection_id) from None


@described(Description(answers={HTTPStatus.OK: ConnectionShown}))
def _get(device_id: UUID, connection_id: UUID) -> Response:
    """Show a connection."""
    return _answer(device_id, connection_id)


@described(Description(body=ConnectionBody, answers={HTTPStatus.OK: ConnectionShown}))
def _put(device_id: UUID, connection_id: UUID) -> Response:
    """Change a connection; what is not named stays as it is."""
    return _change(device_id, connection_id, is_partial=False)


@described(
    Description(
        body=ConnectionBody, is_partial=True, answers={HTTPStatus.OK: ConnectionShown}
    )
)
def _patch(device_id: UUID, connection_id: UUID) -> Response:
    """Change some of a connection."""
    return _change(device_id, connection_id, is_partial=True)


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(device_id: UUID, connection_id: UUID) -> Response:
    """Remove a connection; the credentials stay."""
    device = _device(device_id, to_change=True)
    _connection(device_id, connection_id)
    active_device(device)
    remove_connection(flashlog(), device_id, connection_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(device_id: UUID, connection_id: UUID, *, is_partial: bool) -> Response:
    device = _device(device_id, to_change=True)
    row = _connection(device_id, connection_id)
    active_device(device)
    sent = load(ConnectionBody, is_partial=is_partial)
    is_new = str(sent.get("credentials")) != row["credentials_id"]
    if "credentials" in sent and is_new:
        own_reference("credentials", "credentials", sent["credentials"])
    change_connection(
        flashlog(), device_id, connection_id, _facts(sent, row), by=g.user_id
    )
    return _answer(device_id, connection_id)


def _facts(sent: dict[str, Any], row: Row) -> ConnectionFacts:
    """Return what a body says, and for the rest what was said before."""
    known: dict[str, Any] = {
        "credentials": row.get("credentials_id"),
        "update_strategy": row.get("update_strategy", ""),
        "enabled": bool(row.get("enabled", True)),
    }
    meant = known | sent
    return ConnectionFacts(
        credentials_id=UUID(str(meant["credentials"])),
        update_strategy=meant["update_strategy"],
        enabled=meant["enabled"],
    )


def _device(device_id: UUID, *, to_change: bool = False) -> Row:
    """Return the device; 404 in the words that these URLs have for it."""
    find = changeable if to_change else visible
    try:
        return find("device", device_id)
    except AnswerError as error:
        if error.status is HTTPStatus.NOT_FOUND:
            raise _not_found() from None
        raise


def _connection(device_id: UUID, connection_id: UUID) -> Row:
    found = flashlog().views.rows(
        "SELECT * FROM connection WHERE id = ? AND parent_id = ?",
        [str(connection_id), str(device_id)],
    )
    if not found:
        raise _not_found()
    return found[0]


def _not_found() -> AnswerError:
    return refusal(HTTPStatus.NOT_FOUND, "Not found.")


def _answer(
    device_id: UUID, connection_id: UUID, status: HTTPStatus = HTTPStatus.OK
) -> Response:
    device = _device(device_id)
    return json_answer(_shown(_connection(device_id, connection_id), device), status)


def _shown(row: Row, device: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "credentials": row["credentials_id"],
        "update_strategy": row["update_strategy"] or OPENWRT,
        "enabled": bool(row["enabled"]),
        "is_working": None if row["is_working"] is None else bool(row["is_working"]),
        "failure_reason": row["failure_reason"],
        "last_attempt": row["last_attempt"] and timestamp(row["last_attempt"]),
        "created": timestamp(row["created"] or device["created"]),
        "modified": timestamp(row["modified"] or device["modified"]),
    }


_MODEL = "deviceconnection"
LIST = Resource("device-connection-list", model=_MODEL, get=_list, post=_post)
DETAIL = Resource(
    "device-connection-detail",
    model=_MODEL,
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
