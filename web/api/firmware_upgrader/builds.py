"""Versions of a kind of firmware."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, g, request
from marshmallow import Schema, fields

from application.access import Condition
from application.commands.builds import change_build, create_build
from application.commands.deletion import delete_build
from application.projections.views import Row
from application.queries.catalogue import builds
from web.answers import json_answer
from web.api import filters
from web.api.actions import actions_of
from web.api.bodies import body, load_from
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Id, Text, Texts
from web.api.firmware_upgrader.categories import OF_ORGANIZATION, ORDERING
from web.api.listing import listed, ordered
from web.api.lookup import (
    changeable,
    made,
    missing,
    own_reference,
    reference,
    seen,
    visible,
)
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

_ORDERS = {
    "version": ("build.version",),
    "created": ("build.position",),
    "modified": ("build.modified",),
}


class BuildBody(Body):
    """A build: `health_checks` are commands that must exit 0 on a router of it."""

    category = Id(required=True)
    version = Text(required=True, length_max=32)
    os = Text(blank=True, allow_none=True, length_max=64)
    changelog = Text(blank=True)
    health_checks = Texts()


class CategoryRelationShown(Schema):
    """The category of a build."""

    name = fields.String()
    organization = fields.UUID(allow_none=True)


class BuildShown(Schema):
    """A build."""

    id = fields.UUID()
    category_relation = fields.Nested(CategoryRelationShown)
    created = fields.DateTime()
    modified = fields.DateTime()
    version = fields.String()
    os = fields.String(allow_none=True)
    changelog = fields.String()
    category = fields.UUID()
    health_checks = fields.List(fields.String())


@described(
    Description(
        answers={HTTPStatus.OK: BuildShown},
        is_list=True,
        query=[
            Parameter(name="category", meaning="Its category.", format="uuid"),
            Parameter(name="version", meaning="Its exact version."),
            Parameter(name="os", meaning="Its exact OS identifier."),
            OF_ORGANIZATION,
            ORDERING,
        ],
    )
)
def _list() -> Response:
    """List builds, newest first."""
    conditions = seen("build", slug=filters.slug("organization"))
    category_id = reference("category", "category")
    if category_id is not None:
        conditions += (Condition("build.category_id = ?", (str(category_id),)),)
    for name in ("version", "os"):
        if value := request.args.get(name):
            conditions += (Condition(f"build.{name} = ?", (value,)),)
    return listed(ordered(builds(conditions), _ORDERS), build_object)


@described(Description(body=BuildBody, answers={HTTPStatus.CREATED: BuildShown}))
def _post() -> Response:
    """Make a build of a category."""
    build_id = create_build(
        flashlog(), **build_fields(body(), is_partial=False), by=g.user_id
    )
    made("build", build_id)
    return json_answer(build_object(_row(build_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: BuildShown}, query=[OF_ORGANIZATION]))
def _get(build_id: UUID) -> Response:
    """Show a build."""
    visible("build", build_id, slug=filters.slug("organization"))
    return json_answer(build_object(_row(build_id)))


@described(
    Description(
        body=BuildBody,
        answers={HTTPStatus.OK: BuildShown},
        refusals=[HTTPStatus.CONFLICT],
    )
)
def _put(build_id: UUID) -> Response:
    """Change a build."""
    return _change(build_id, is_partial=False)


@described(
    Description(
        body=BuildBody,
        is_partial=True,
        answers={HTTPStatus.OK: BuildShown},
        refusals=[HTTPStatus.CONFLICT],
    )
)
def _patch(build_id: UUID) -> Response:
    """Change some fields of a build."""
    return _change(build_id, is_partial=True)


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(build_id: UUID) -> Response:
    """Delete a build with its images; 409 while an upgrade to one is in progress."""
    changeable("build", build_id, slug=filters.slug("organization"))
    delete_build(flashlog(), build_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def build_object(row: Row) -> dict[str, Any]:
    """Show a row of `application.queries.catalogue.builds`."""
    return {
        "id": row["id"],
        "category_relation": {
            "name": row["category_name"],
            "organization": row["organization_id"],
        },
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
        "version": row["version"],
        "os": row["os"],
        "changelog": row["changelog"],
        "category": row["category_id"],
        "health_checks": msgspec.json.decode(row["health_checks"]),
    }


def _change(build_id: UUID, *, is_partial: bool) -> Response:
    changeable("build", build_id, slug=filters.slug("organization"))
    changes = build_fields(body(), is_partial=is_partial)
    change_build(flashlog(), build_id, changes, by=g.user_id)
    return json_answer(build_object(_row(build_id)))


def build_fields(said: dict[str, Any], *, is_partial: bool) -> dict[str, Any]:
    """Return what a body says, named as the commands name it. Raises InvalidError."""
    sent = load_from(BuildBody, said, is_partial=is_partial)
    if "category" in sent:
        sent["category_id"] = sent.pop("category")
        own_reference("category", "category", sent["category_id"])
    if "health_checks" in sent:
        sent["health_checks"] = tuple(sent["health_checks"])
    return sent


def _row(build_id: UUID) -> Row:
    found = builds((Condition("build.id = ?", (str(build_id),)),)).all(flashlog().views)
    if not found:
        raise missing("Build")
    return found[0]


LIST = Resource(
    "build-list",
    model="build",
    actions=lambda: actions_of(BuildBody, POST="add_build"),
    get=_list,
    post=_post,
)
DETAIL = Resource(
    "build-detail",
    model="build",
    actions=lambda: actions_of(BuildBody, PUT="change_build"),
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
