"""Who may open a WebSocket: decided before the handshake is answered."""

from http import HTTPStatus

from flask import Blueprint, g, request

from web.answers import AnswerError, refusal
from web.api.authentication import account_of, bearer_token
from web.sockets.hub import hub
from web.state import state


def blueprint() -> Blueprint:
    """Make the blueprint that every channel belongs to."""
    made = Blueprint("sockets", __name__, url_prefix="/ws/firmware-upgrader")
    made.before_request(_admit)
    return made


def may_listen(token: str) -> bool:
    """Whether the bearer of this token may listen to anything."""
    account = account_of(token)
    return bool(account and account.is_active and account.is_superuser)


def _admit() -> None:
    """Refuse with 403 whom we do not know, with 503 whom we have no room for."""
    if not state().hosts.allow_origin(request.headers.get("Origin")):
        raise refusal(HTTPStatus.FORBIDDEN, "This origin may not open a WebSocket.")
    try:
        token = bearer_token(request.headers.get("Authorization", ""))
    except AnswerError as error:
        raise AnswerError(HTTPStatus.FORBIDDEN, error.body) from None
    if not may_listen(token):
        raise refusal(HTTPStatus.FORBIDDEN, "You may not listen to this.")
    if not hub().is_open:
        raise refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There is no room for another WebSocket: try again later.",
            {"Retry-After": "5"},
        )
    g.token = token
