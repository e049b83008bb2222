"""Organizations: superusers see all, others those that they manage."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from uuid import UUID

from flask import Response, g

from application.commands.deleting_organizations import delete_organization
from application.commands.organizations import (
    SlugTakenError,
    change_organization,
    found_organization,
)
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.lists import Query
from web.answers import json_answer, refusal
from web.api.actions import actions_of
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, described
from web.api.listing import listed
from web.api.lookup import made, seen, visible
from web.api.resource import NO_PERMISSION
from web.api.users.open_resource import PermittedResource
from web.api.users.organization_shapes import (
    NewOrganizationBody,
    OrganizationBody,
    OrganizationShown,
    OrganizationShownInFull,
    organization_object,
)
from web.state import flashlog


@described(Description(answers={HTTPStatus.OK: OrganizationShown}, is_list=True))
def _list() -> Response:
    """List the organizations that are managed, newest first."""
    query = Query(source="organization", columns="*", conditions=seen("organization"))
    return listed(query, organization_object)


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
    row = made("organization", organization_id)
    return json_answer(organization_object(row), HTTPStatus.CREATED)


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
    return json_answer(organization_object(row) | {"owner": _owner(row)})


def _owner(row: Row) -> dict[str, str] | None:
    found = flashlog().views.rows(
        "SELECT id FROM membership WHERE organization_id = ? AND parent_id = ?",
        [row["id"], row["owner_id"]],
    )
    return {"organization_user": found[0]["id"]} if found else None


_MODEL = "organization"
LIST = PermittedResource(
    "organization-list",
    model=_MODEL,
    actions=lambda: actions_of(NewOrganizationBody, POST="add_organization"),
    get=_list,
    post=_post,
)
DETAIL = PermittedResource(
    "organization-detail",
    model=_MODEL,
    actions=lambda: actions_of(OrganizationBody, PUT="change_organization"),
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
