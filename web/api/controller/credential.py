"""Credentials: how to log in to routers. Secrets go in and never come out."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.commands.credentials import (
    CredentialsFacts,
    change_credentials,
    create_credentials,
    delete_credentials,
)
from application.commands.log_in_parameters import read_log_in, shown_log_in
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.lists import Query
from web.answers import json_answer
from web.api.authentication import asking
from web.api.bodies import load
from web.api.controller import filters
from web.api.controller.writing import told_as
from web.api.described import Description, described
from web.api.fields import NOT_NULL, REQUIRED, Body, Choice, Id, Object, Text, Truth
from web.api.listing import listed
from web.api.lookup import changeable, made, own_reference, visible
from web.api.resource import Resource
from web.representation import timestamp
from web.state import flashlog

SSH = "openwisp_controller.connection.connectors.ssh.Ssh"


class CredentialBody(Body):
    """Credentials; without an organization all share them, as superusers may say.

    `params` are `username`, `port` and either `password` or `key`. A secret that is
    left out, or sent as it is shown, stays as it was.
    With `auto_add` every device gets them, also one that lost them, whenever they are
    changed.
    """

    connector = Choice([SSH], required=True)
    name = Text(required=True, length_max=64)
    organization = Id(allow_none=True)
    auto_add = Truth()
    params = Object(required=True)


class CredentialShown(Schema):
    """Credentials; the secret is masked."""

    id = fields.UUID()
    connector = fields.String()
    name = fields.String()
    organization = fields.UUID(allow_none=True)
    auto_add = fields.Boolean()
    params = fields.Dict()
    created = fields.DateTime()
    modified = fields.DateTime()


@described(
    Description(
        answers={HTTPStatus.OK: CredentialShown},
        is_list=True,
        query=filters.OF_ORGANIZATION,
    )
)
def _list() -> Response:
    """List credentials, newest first."""
    conditions = filters.of_organization("credentials")
    return listed(
        Query(source="credentials", columns="*", conditions=conditions), _shown
    )


@described(
    Description(body=CredentialBody, answers={HTTPStatus.CREATED: CredentialShown})
)
def _post() -> Response:
    """Keep credentials."""
    sent = load(CredentialBody)
    facts = CredentialsFacts(
        name=sent["name"],
        organization_id=_organization(sent, None, is_partial=False),
        auto_add=sent.get("auto_add", False),
        log_in=read_log_in(sent["params"]),
    )
    with told_as({"name": "non_field_errors"}):
        credentials_id = create_credentials(flashlog(), facts, by=g.user_id)
    shown = _shown(made("credentials", credentials_id))
    return json_answer(shown, HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: CredentialShown}))
def _get(credentials_id: UUID) -> Response:
    """Show credentials."""
    return json_answer(_shown(visible("credentials", credentials_id)))


@described(Description(body=CredentialBody, answers={HTTPStatus.OK: CredentialShown}))
def _put(credentials_id: UUID) -> Response:
    """Change credentials; what is not named stays as it is."""
    return _change(credentials_id, is_partial=False)


@described(
    Description(
        body=CredentialBody, is_partial=True, answers={HTTPStatus.OK: CredentialShown}
    )
)
def _patch(credentials_id: UUID) -> Response:
    """Change some of credentials."""
    return _change(credentials_id, is_partial=True)


@described(
    Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=[HTTPStatus.CONFLICT])
)
def _delete(credentials_id: UUID) -> Response:
    """Forget credentials, their secret, and the connections that use them."""
    changeable("credentials", credentials_id)
    delete_credentials(flashlog(), credentials_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(credentials_id: UUID, *, is_partial: bool) -> Response:
    row = changeable("credentials", credentials_id)
    sent = load(CredentialBody, is_partial=is_partial)
    known = row["organization_id"]
    facts = CredentialsFacts(
        name=sent["name"] if "name" in sent else row["name"],
        organization_id=_organization(
            sent, UUID(known) if known else None, is_partial=is_partial
        ),
        auto_add=sent.get("auto_add", bool(row["auto_add"])),
        log_in=read_log_in(sent["params"], known_kind=row["secret_kind"])
        if "params" in sent
        else None,
    )
    with told_as({"name": "non_field_errors"}):
        change_credentials(flashlog(), credentials_id, facts, by=g.user_id)
    return _get(credentials_id)


def _organization(
    sent: dict[str, Any], known: UUID | None, *, is_partial: bool
) -> UUID | None:
    """Return whose the credentials are to be; superusers alone share them with all."""
    if "organization" not in sent:
        if not asking().is_superuser and not is_partial:
            raise InvalidError.of("organization", REQUIRED)
        return known
    organization_id: UUID | None = sent["organization"]
    if organization_id is None and not asking().is_superuser:
        raise InvalidError.of("organization", NOT_NULL)
    if organization_id is not None:
        own_reference("organization", "organization", organization_id)
    return organization_id


def _shown(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "connector": row["connector"] or SSH,
        "name": row["name"],
        "organization": row["organization_id"],
        "auto_add": bool(row["auto_add"]),
        "params": shown_log_in(row["username"], row["port"], row["secret_kind"]),
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
    }


_MODEL = "credentials"
LIST = Resource("credential-list", model=_MODEL, get=_list, post=_post)
DETAIL = Resource(
    "credential-detail",
    model=_MODEL,
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
