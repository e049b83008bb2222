"""A token for a user name and a password."""

from http import HTTPStatus
from threading import BoundedSemaphore

from flask import Response
from marshmallow import Schema, fields

from application.commands.users import log_in, token_of
from application.errors import InvalidError
from web.answers import json_answer
from web.api.bodies import body, text_field
from web.api.described import Description, described
from web.api.fields import Body, Text
from web.api.resource import OpenResource
from web.state import flashlog

# A password costs 16 MiB and tens of milliseconds to check, by design.
CHECKED_AT_ONCE = BoundedSemaphore(4)


class LogInBody(Body):
    """Who asks for a token."""

    username = Text(required=True)
    password = Text(required=True)


class TokenShown(Schema):
    """What to send as `Authorization: Bearer <token>`."""

    token = fields.String()


@described(Description(body=LogInBody, answers={HTTPStatus.OK: TokenShown}))
def _post() -> Response:
    """Show the user's token: the same each time."""
    sent = body()
    username, wrong_name = text_field(sent, "username")
    password, wrong_password = text_field(sent, "password")
    wrong = {"username": wrong_name, "password": wrong_password}
    if any(wrong.values()):
        raise InvalidError({field: texts for field, texts in wrong.items() if texts})
    with CHECKED_AT_ONCE:
        user_id = log_in(flashlog(), username=username.strip(), password=password)
    return json_answer({"token": token_of(flashlog(), user_id=user_id, by=user_id)})


RESOURCE = OpenResource("token", post=_post)
