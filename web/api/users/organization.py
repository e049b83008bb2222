"""Organizations: superusers see all, others those that they manage."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.commands.organizations import (
    SlugTakenError,
    change_organization,
    delete_organization,
    found_organization,
)
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.lists import Query
from web.answers import json_answer, refusal
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, described
from web.api.fields import Body, Id, Object, Text, Truth, loaded
from web.api.listing import listed
from web.api.lookup import seen, visible
from web.api.resource import NO_PERMISSION
from web.api.users.open_resource import PermittedResource
from web.representation import timestamp
from web.state import flashlog

_NAME_LENGTH_MAX = 200


class OwnerBody(Body):
    """The membership of who owns an organization; null for nobody."""

    organization_user = Id(required=True, allow_none=True)


class OneOwner(Object):
    """An owner; null changes nothing."""

    def __init__(self, **others: Any) -> None:
        super().__init__(allow_none=True, **others)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> dict[Any, Any]:
        return loaded(OwnerBody, super()._deserialize(value, attr, data, **others))


class NewOrganizationBody(Body):
    """An organization to be made."""

    name = Text(required=True, length_max=_NAME_LENGTH_MAX)
    slug = Text(required=True, length_max=_NAME_LENGTH_MAX)
    is_active = Truth()
    description = Text(blank=True)
    email = Text(blank=True, length_max=254)
    url = Text(blank=True, length_max=200)


class OrganizationBody(NewOrganizationBody):
    """An organization, and who owns it."""

    owner = OneOwner()


class OrganizationShown(Schema):
    """An organization as lists show it."""

    id = fields.UUID()
    name = fields.String()
    is_active = fields.Boolean()
    slug = fields.String()
    description = fields.String()
    email = fields.String()
    url = fields.String()
    created = fields.DateTime()
    modified = fields.DateTime()


class OwnerShown(Schema):
    """The membership of who owns it."""

    organization_user = fields.UUID(allow_none=True)


class OrganizationShownInFull(OrganizationShown):
    """An organization, and who owns it."""

    owner = fields.Nested(OwnerShown, allow_none=True)


@described(Description(answers={HTTPStatus.OK: OrganizationShown}, is_list=True))
def _list() -> Response:
    """List the organizations that are managed, newest first."""
    query = Query(source="organization", columns="*", conditions=seen("organization"))
    return listed(query, _object)


@described(
    Description(
        body=NewOrganizationBody, answers={HTTPStatus.CREATED: OrganizationShown}
    )
)
def _post() -> Response:
    """Found an organization; for superusers."""
    if not asking().is_superuser:
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)
    facts = load(NewOrganizationBody)
    with _taken_by():
        organization_id = found_organization(flashlog(), facts, by=g.user_id)
    row = visible("organization", organization_id)
    return json_answer(_object(row), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: OrganizationShownInFull}))
def _get(organization_id: UUID) -> Response:
    """Show an organization and who owns it."""
    return _shown(organization_id)


@described(
    Description(body=OrganizationBody, answers={HTTPStatus.OK: OrganizationShownInFull})
)
def _put(organization_id: UUID) -> Response:
    """Change an organization; what is not named stays as it is."""
    return _change(organization_id, is_partial=False)


@described(
    Description(
        body=OrganizationBody,
        is_partial=True,
        answers={HTTPStatus.OK: OrganizationShownInFull},
    )
)
def _patch(organization_id: UUID) -> Response:
    """Change some of an organization."""
    return _change(organization_id, is_partial=True)


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(organization_id: UUID) -> Response:
    """Delete an organization that owns nothing any more."""
    visible("organization", organization_id)
    delete_organization(flashlog(), organization_id=organization_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(organization_id: UUID, *, is_partial: bool) -> Response:
    visible("organization", organization_id)
    sent = load(OrganizationBody, is_partial=is_partial)
    if not asking().is_superuser:
        # Whoever is not served any more could not undo it.
        sent.pop("is_active", None)
    owner = sent.pop("owner", None)
    with _taken_by():
        change_organization(
            flashlog(),
            organization_id=organization_id,
            changes=sent,
            owner=owner,
            by=g.user_id,
        )
    return _shown(organization_id)


@contextmanager
def _taken_by() -> Iterator[None]:
    """Tell superusers who has a slug; others learn of no foreign organization."""
    try:
        yield
    except SlugTakenError as error:
        if not asking().is_superuser:
            raise
        taken_by = {"organization": [str(error.owner_id)]}
        raise InvalidError({**error.fields, **taken_by}) from None


def _shown(organization_id: UUID) -> Response:
    row = visible("organization", organization_id)
    return json_answer(_object(row) | {"owner": _owner(row)})


def _owner(row: Row) -> dict[str, str] | None:
    found = flashlog().views.rows(
        "SELECT id FROM membership WHERE organization_id = ? AND parent_id = ?",
        [row["id"], row["owner_id"]],
    )
    return {"organization_user": found[0]["id"]} if found else None


def _object(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "is_active": bool(row["is_active"]),
        "slug": row["slug"],
        "description": row["description"],
        "email": row["email"],
        "url": row["url"],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
    }


_MODEL = "organization"
LIST = PermittedResource("organization-list", model=_MODEL, get=_list, post=_post)
DETAIL = PermittedResource(
    "organization-detail",
    model=_MODEL,
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
