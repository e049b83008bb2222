"""Another password for a user."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.commands.changing_users import change_password
from application.commands.users import has_password
from application.errors import InvalidError
from web.answers import json_answer
from web.api.authentication import asking
from web.api.bodies import load
from web.api.described import Description, described
from web.api.fields import Body
from web.api.users.fields import Secret
from web.api.users.open_resource import OwnResource
from web.api.users.token import CHECKED_AT_ONCE
from web.api.users.user import changeable
from web.state import flashlog


class PasswordBody(Body):
    """The new password, twice; managers and superusers need not know the current."""

    current_password = Secret(required=True, allow_none=True)
    new_password = Secret(required=True, length_max=4096)
    confirm_password = Secret(required=True)


class PasswordChanged(Schema):
    """That it was changed."""

    status = fields.String()
    message = fields.String()


@described(Description(body=PasswordBody, answers={HTTPStatus.OK: PasswordChanged}))
def _put(user_id: UUID) -> Response:
    """Change a password; the token stays the same, sessions end."""
    if user_id != asking().user_id:
        changeable(user_id)
    sent = load(PasswordBody)
    current, new = sent["current_password"], sent["new_password"]
    wrong = {}
    if new == current:
        text = "New password cannot be the same as your old password."
        wrong["new_password"] = [text]
    if new != sent["confirm_password"]:
        wrong["confirm_password"] = ["The two password fields didn't match."]
    if wrong:
        raise InvalidError(wrong)
    with CHECKED_AT_ONCE:
        if not asking().is_manager() and not has_password(
            flashlog(), user_id, current or ""
        ):
            raise InvalidError.of(
                "current_password",
                "Your old password was entered incorrectly. Please enter it again.",
            )
        change_password(flashlog(), user_id=user_id, password=new, by=g.user_id)
    return json_answer(
        {"status": "Success", "message": "Password updated successfully"}
    )


RESOURCE = OwnResource("user-password", model="user", put=_put)
