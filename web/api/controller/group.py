"""Groups of devices."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g
from marshmallow import Schema, fields

from application.access import ALL, Condition
from application.commands.device_groups import (
    GroupDescription,
    change_group,
    create_group,
    delete_group,
)
from application.projections.views import Row
from application.queries.lists import Query
from web.answers import json_answer
from web.api.bodies import load
from web.api.controller import filters
from web.api.controller.writing import told_as
from web.api.described import Description, Parameter, described
from web.api.fields import NOT_NULL, REQUIRED, Body, Id, Object, Text
from web.api.listing import listed
from web.api.lookup import changeable, made, own_reference, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

_NAME_LENGTH_MAX = 60
_QUERY = (
    *filters.OF_ORGANIZATION,
    Parameter(
        name="empty",
        # OpenWISP's clients have got used to it.
        meaning="true lists groups that have devices, false those that have none",
        kind="boolean",
    ),
)


class Ids(fields.List[Any]):
    """References to other things; a form says them as JSON text."""

    default_error_messages = {  # noqa: RUF012 - marshmallow's own form
        "required": REQUIRED,
        "null": NOT_NULL,
        "invalid": "Expected a list of items.",
    }

    def __init__(self, **others: Any) -> None:
        super().__init__(Id(), **others)

    def _deserialize(
        self, value: Any, attr: Any, data: Any, **others: Any
    ) -> list[Any]:
        if isinstance(value, str):
            try:
                value = msgspec.json.decode(value)
            except (msgspec.DecodeError, UnicodeError, RecursionError):
                raise self.make_error("invalid") from None
        return super()._deserialize(value, attr, data, **others)


class GroupBody(Body):
    """A group of devices of one organization."""

    name = Text(required=True, length_max=_NAME_LENGTH_MAX)
    organization = Id(required=True)
    description = Text(blank=True)
    templates = Ids(required=True)
    context = Object()
    meta_data = Object()


class DeviceGroupShown(Schema):
    """A group of devices of one organization."""

    id = fields.UUID()
    name = fields.String()
    organization = fields.UUID()
    description = fields.String()
    templates = fields.List(fields.UUID())
    context = fields.Dict()
    meta_data = fields.Dict()
    created = fields.DateTime()
    modified = fields.DateTime()


@described(
    Description(answers={HTTPStatus.OK: DeviceGroupShown}, is_list=True, query=_QUERY)
)
def _list() -> Response:
    """List groups, newest first."""
    conditions = (*filters.of_organization("device_group"), _empty())
    query = Query(source="device_group", columns="*", conditions=conditions)
    return listed(query, _shown)


@described(Description(body=GroupBody, answers={HTTPStatus.CREATED: DeviceGroupShown}))
def _post() -> Response:
    """Make a group."""
    said = _said(load(GroupBody))
    with told_as({"name": "non_field_errors"}):
        group_id = create_group(flashlog(), GroupDescription(**said), by=g.user_id)
    return json_answer(_shown(made("device_group", group_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: DeviceGroupShown}))
def _get(group_id: UUID) -> Response:
    """Show a group."""
    return json_answer(_shown(visible("device_group", group_id)))


@described(Description(body=GroupBody, answers={HTTPStatus.OK: DeviceGroupShown}))
def _put(group_id: UUID) -> Response:
    """Change a group; what is not named stays as it is."""
    return _change(group_id, is_partial=False)


@described(
    Description(
        body=GroupBody, is_partial=True, answers={HTTPStatus.OK: DeviceGroupShown}
    )
)
def _patch(group_id: UUID) -> Response:
    """Change some of a group."""
    return _change(group_id, is_partial=True)


@described(Description(answers={HTTPStatus.NO_CONTENT: None}))
def _delete(group_id: UUID) -> Response:
    """Delete a group; its devices go on without one."""
    changeable("device_group", group_id)
    delete_group(flashlog(), group_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(group_id: UUID, *, is_partial: bool) -> Response:
    changeable("device_group", group_id)
    said = _said(load(GroupBody, is_partial=is_partial))
    with told_as({"name": "non_field_errors"}):
        change_group(flashlog(), group_id, said, by=g.user_id)
    return _get(group_id)


def _said(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says, as commands know it. Raises InvalidError."""
    if "organization" in sent:
        own_reference("organization", "organization", sent["organization"])
        sent["organization_id"] = sent.pop("organization")
    if "templates" in sent:
        sent["templates"] = tuple(sent["templates"])
    return sent


def _empty() -> Condition:
    wanted = filters.truth("empty")
    if wanted is None:
        return ALL
    has_devices = "EXISTS (SELECT 1 FROM device WHERE group_id = device_group.id)"
    return Condition(has_devices if wanted else f"NOT {has_devices}")


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "organization": row["organization_id"],
        "description": row["description"],
        "templates": msgspec.json.decode(row["templates"]),
        "context": msgspec.json.decode(row["context"]),
        "meta_data": msgspec.json.decode(row["meta_data"]),
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
    }


_MODEL = "devicegroup"
LIST = Resource("device-group-list", model=_MODEL, get=_list, post=_post)
DETAIL = Resource(
    "device-group-detail",
    model=_MODEL,
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
