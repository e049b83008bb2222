"""Users: list, make, look at, change and erase them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g

from application.commands.changing_users import UserChanges, change_user, erase_user
from application.commands.users import NewUser, register_user
from application.persons import Person
from application.projections.views import Row
from application.queries.accounts import (
    account_seen_by,
    accounts_seen_by,
    organizations_of,
    with_people,
)
from application.queries.users import account_of_user
from web.answers import json_answer, refusal
from web.api.actions import actions_of
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, described
from web.api.lookup import missing, not_shown_yet
from web.api.pages import Page, paginated
from web.api.resource import NO_PERMISSION
from web.api.users.giving import allowed, change_of_membership, own_membership
from web.api.users.open_resource import PermittedResource
from web.api.users.shapes import (
    NewUserBody,
    UserBody,
    UserShown,
    UserShownInFull,
    user_object,
    user_object_in_full,
)
from web.api.users.token import CHECKED_AT_ONCE
from web.state import flashlog

_PERSON = frozenset(Person.__struct_fields__)
_RIGHTS = {
    "is_active": "is_active",
    "is_staff": "is_staff",
    "is_superuser": "is_superuser",
    "groups": "groups",
    "user_permissions": "permissions",
    "expiration_date": "expires_on",
}


@described(Description(answers={HTTPStatus.OK: UserShown}, is_list=True))
def _list() -> Response:
    """List the users of the organizations that are managed, newest first."""
    query = accounts_seen_by(asking())
    views = flashlog().views

    def rows(page: Page) -> list[dict[str, Any]]:
        found = query.page(views, limit=page.size, offset=page.offset)
        return [
            user_object(shown, asking())
            for shown in with_people(flashlog(), asking(), found)
        ]

    return paginated(query.count(views), rows)


@described(Description(body=NewUserBody, answers={HTTPStatus.CREATED: UserShown}))
def _post() -> Response:
    """Make a user, in one organization or none."""
    sent = allowed(load(NewUserBody))
    membership = sent.get("organization_users")
    new = NewUser(
        person=Person(**_person(sent)),
        password=sent["password"],
        rights=_rights(sent),
        membership=own_membership(membership) if membership else None,
    )
    with CHECKED_AT_ONCE:
        user_id = register_user(flashlog(), new, by=g.user_id)
    row = flashlog().views.one("account", str(user_id))
    if row is None:
        raise not_shown_yet(user_id)
    (shown,) = with_people(flashlog(), asking(), [row])
    return json_answer(user_object(shown, asking()), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: UserShownInFull}))
def _get(user_id: UUID) -> Response:
    """Show all of a user."""
    return _shown(visible(user_id))


@described(Description(body=UserBody, answers={HTTPStatus.OK: UserShownInFull}))
def _put(user_id: UUID) -> Response:
    """Change a user; what is not named stays as it is."""
    return _change(user_id, is_partial=False)


@described(
    Description(
        body=UserBody, is_partial=True, answers={HTTPStatus.OK: UserShownInFull}
    )
)
def _patch(user_id: UUID) -> Response:
    """Change some of a user."""
    return _change(user_id, is_partial=True)


@described(Description(answers={HTTPStatus.NO_CONTENT: None}))
def _delete(user_id: UUID) -> Response:
    """Erase a user: account, token and all that is known of the person."""
    changeable(user_id)
    erase_user(flashlog(), user_id=user_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def visible(user_id: UUID) -> Row:
    """Return the row of a user who may be seen. Raises AnswerError (404)."""
    row = account_seen_by(flashlog().views, asking(), user_id)
    if row is None:
        raise missing("User")
    return row


def changeable(user_id: UUID) -> Row:
    """Return the row of a user who may be changed. Raises AnswerError (403, 404).

    Whoever is in another organization too, or may do more than who asks, is changed
    by superusers only: with their password that other organization would be open.
    """
    row = visible(user_id)
    who = asking()
    if who.is_superuser or user_id == who.user_id:
        return row
    views = flashlog().views
    whose = account_of_user(views, user_id)
    if (
        whose is None
        or not organizations_of(views, user_id) <= who.manages
        or not whose.permissions <= who.permissions
    ):
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)
    return row


def _change(user_id: UUID, *, is_partial: bool) -> Response:
    row = changeable(user_id)
    sent = allowed(load(UserBody, is_partial=is_partial), row)
    changes = UserChanges(
        person=_person(sent),
        rights=_rights(sent),
        membership=change_of_membership(sent),
    )
    change_user(flashlog(), user_id=user_id, changes=changes, by=g.user_id)
    changed = flashlog().views.one("account", str(user_id))
    return _shown(changed or row)


def _shown(row: Row) -> Response:
    (shown,) = with_people(flashlog(), asking(), [row])
    return json_answer(user_object_in_full(shown, asking()))


def _person(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in sent.items() if name in _PERSON}


def _rights(sent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        field: tuple(sent[name]) if isinstance(sent[name], list) else sent[name]
        for name, field in _RIGHTS.items()
        if name in sent
    }


LIST = PermittedResource(
    "user-list",
    model="user",
    actions=lambda: actions_of(NewUserBody, POST="add_user"),
    get=_list,
    post=_post,
)
DETAIL = PermittedResource(
    "user-detail",
    model="user",
    actions=lambda: actions_of(UserBody, PUT="change_user"),
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
