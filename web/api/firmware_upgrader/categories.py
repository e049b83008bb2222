"""Kinds of firmware, of an organization or shared by all."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.access import Account
from application.commands.categories import change_category, create_category
from application.commands.deletion import delete_category
from application.projections.views import Row
from application.queries.catalogue import categories
from web.answers import json_answer
from web.api import filters
from web.api.actions import actions_of
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Id, Text
from web.api.listing import listed, ordered
from web.api.lookup import changeable, made, own_reference, seen, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

_SHARED = "Only superusers may create shared objects: name an organization."
_ORDERS = {"name": ("name",), "created": ("position",), "modified": ("modified",)}
OF_ORGANIZATION = Parameter(
    name="organization", meaning="Slug of the organization it belongs to."
)
ORDERING = Parameter(
    name="ordering", meaning="Fields to order by; `-` before one: descending."
)


class OwnOrganization(Id):
    """An organization; who is no superuser has to name one."""

    default_error_messages = Id.default_error_messages | {"required": _SHARED}

    def deserialize(self, value: Any, *rest: Any, **others: Any) -> Any:
        if value == "":
            raise self.make_error("required")
        return super().deserialize(value, *rest, **others)


class CategoryBody(Body):
    """A category; without an organization it is shared, for superusers only."""

    name = Text(required=True, length_max=64)
    description = Text(blank=True)
    organization = Id(allow_none=True)


class OwnCategoryBody(CategoryBody):
    """A category of an organization."""

    organization = OwnOrganization(required=True)


class CategoryShown(Schema):
    """A category."""

    id = fields.UUID()
    created = fields.DateTime()
    modified = fields.DateTime()
    name = fields.String()
    description = fields.String()
    organization = fields.UUID(allow_none=True)


@described(
    Description(
        answers={HTTPStatus.OK: CategoryShown},
        is_list=True,
        query=[OF_ORGANIZATION, ORDERING],
    )
)
def _list() -> Response:
    """List categories, by name from the end of the alphabet on."""
    query = categories(seen("category", slug=filters.slug("organization")))
    return listed(ordered(query, _ORDERS), _shown)


@described(Description(body=CategoryBody, answers={HTTPStatus.CREATED: CategoryShown}))
def _post() -> Response:
    """Make a category."""
    category_id = create_category(
        flashlog(), **category_fields(is_partial=False), by=g.user_id
    )
    return json_answer(_shown(made("category", category_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: CategoryShown}, query=[OF_ORGANIZATION]))
def _get(category_id: UUID) -> Response:
    """Show a category."""
    slug = filters.slug("organization")
    return json_answer(_shown(visible("category", category_id, slug=slug)))


@described(
    Description(
        body=CategoryBody,
        answers={HTTPStatus.OK: CategoryShown},
        refusals=[HTTPStatus.CONFLICT],
    )
)
def _put(category_id: UUID) -> Response:
    """Change a category."""
    return _change(category_id, is_partial=False)


@described(
    Description(
        body=CategoryBody,
        is_partial=True,
        answers={HTTPStatus.OK: CategoryShown},
        refusals=[HTTPStatus.CONFLICT],
    )
)
def _patch(category_id: UUID) -> Response:
    """Change some fields of a category."""
    return _change(category_id, is_partial=True)


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(category_id: UUID) -> Response:
    """Delete a category with its builds; 409 while an upgrade to one is in progress."""
    changeable("category", category_id, slug=filters.slug("organization"))
    delete_category(flashlog(), category_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(category_id: UUID, *, is_partial: bool) -> Response:
    changeable("category", category_id, slug=filters.slug("organization"))
    changes = category_fields(is_partial=is_partial)
    change_category(flashlog(), category_id, changes, by=g.user_id)
    return json_answer(_shown(visible("category", category_id)))


def category_fields(*, is_partial: bool) -> dict[str, Any]:
    """Return what the body says, named as the commands name it.

    Raises InvalidError.
    """
    sent = load(_body(asking()), is_partial=is_partial)
    if "organization" in sent:
        organization_id = sent.pop("organization")
        sent["organization_id"] = organization_id
        if organization_id is not None:
            own_reference("organization", "organization", organization_id)
    return sent


def _body(account: Account) -> type[Body]:
    return CategoryBody if account.is_superuser else OwnCategoryBody


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
        "name": row["name"],
        "description": row["description"],
        "organization": row["organization_id"],
    }


LIST = Resource(
    "category-list",
    model="category",
    actions=lambda: actions_of(_body(asking()), POST="add_category"),
    get=_list,
    post=_post,
)
DETAIL = Resource(
    "category-detail",
    model="category",
    actions=lambda: actions_of(_body(asking()), PUT="change_category"),
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
