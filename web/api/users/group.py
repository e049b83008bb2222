"""Groups of permissions; Operator and Administrator are always there."""

from http import HTTPStatus
from typing import Any

from flask import Response, g
from marshmallow import Schema, fields

from application.commands.groups import change_group, create_group, delete_group
from application.errors import InvalidError
from application.queries.groups import Group, all_groups, group_of
from application.roles import PERMISSIONS
from web.answers import json_answer
from web.api.actions import actions_of
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, described
from web.api.fields import NO_SUCH_PK, Body, Text
from web.api.lookup import missing
from web.api.pages import Page, paginated
from web.api.users.fields import Permissions
from web.api.users.open_resource import PermittedResource
from web.state import flashlog


class GroupBody(Body):
    """A group; permissions by number or by the text that is shown of them."""

    name = Text(required=True, length_max=150)
    permissions = Permissions()


class GroupShown(Schema):
    """A group, and what it permits in words."""

    id = fields.Integer()
    name = fields.String()
    permissions = fields.List(fields.String())


_LATER = [HTTPStatus.CONFLICT]


@described(Description(answers={HTTPStatus.OK: GroupShown}, is_list=True))
def _list() -> Response:
    """List the groups by name."""
    groups = all_groups(flashlog().views)

    def rows(page: Page) -> list[dict[str, Any]]:
        return [_shown(each) for each in groups[page.offset : page.offset + page.size]]

    return paginated(len(groups), rows)


@described(Description(body=GroupBody, answers={HTTPStatus.CREATED: GroupShown}))
def _post() -> Response:
    """Make a group."""
    sent = _allowed(load(GroupBody))
    group_id = create_group(
        flashlog(),
        name=sent["name"],
        permissions=sent.get("permissions", ()),
        by=g.user_id,
    )
    return json_answer(_shown(_known(group_id)), HTTPStatus.CREATED)


@described(Description(answers={HTTPStatus.OK: GroupShown}))
def _get(group_id: int) -> Response:
    """Show a group."""
    return json_answer(_shown(_known(group_id)))


@described(
    Description(body=GroupBody, answers={HTTPStatus.OK: GroupShown}, refusals=_LATER)
)
def _put(group_id: int) -> Response:
    """Change a group that was made here."""
    return _change(group_id, is_partial=False)


@described(
    Description(
        body=GroupBody,
        is_partial=True,
        answers={HTTPStatus.OK: GroupShown},
        refusals=_LATER,
    )
)
def _patch(group_id: int) -> Response:
    """Change some of a group that was made here."""
    return _change(group_id, is_partial=True)


@described(Description(answers={HTTPStatus.NO_CONTENT: None}, refusals=_LATER))
def _delete(group_id: int) -> Response:
    """Delete a group that was made here; its users lose what it permitted."""
    _known(group_id)
    delete_group(flashlog(), number=group_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _change(group_id: int, *, is_partial: bool) -> Response:
    known = _known(group_id)
    sent = _allowed(load(GroupBody, is_partial=is_partial), known)
    change_group(
        flashlog(),
        number=group_id,
        name=sent.get("name"),
        permissions=sent.get("permissions"),
        by=g.user_id,
    )
    return json_answer(_shown(_known(group_id)))


def _allowed(sent: dict[str, Any], group: Group | None = None) -> dict[str, Any]:
    """Let nobody permit more than they may do, apart from what a group permits already.

    Raises InvalidError.
    """
    permitted = set(group.permissions) if group else set()
    more = set(sent.get("permissions", ())) - permitted
    if not asking().is_superuser and not more <= asking().permissions:
        raise InvalidError.of("permissions", NO_SUCH_PK)
    return sent


def _known(group_id: int) -> Group:
    found = group_of(flashlog().views, group_id)
    if found is None:
        raise missing("Group")
    return found


def _shown(group: Group) -> dict[str, Any]:
    return {
        "id": group.number,
        "name": group.name,
        "permissions": [PERMISSIONS[name].text for name in group.permissions],
    }


LIST = PermittedResource(
    "group-list",
    model="group",
    actions=lambda: actions_of(GroupBody, POST="add_group"),
    get=_list,
    post=_post,
)
DETAIL = PermittedResource(
    "group-detail",
    model="group",
    actions=lambda: actions_of(GroupBody, PUT="change_group"),
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
