"""Who may open a WebSocket: decided before the handshake is answered."""

from http import HTTPStatus

from flask import Blueprint, request

from web.answers import AnswerError, refusal
from web.api.authentication import account_of_request
from web.sockets.hub import hub
from web.state import state


def blueprint() -> Blueprint:
    """Make the blueprint that every channel belongs to."""
    made = Blueprint("sockets", __name__, url_prefix="/ws/firmware-upgrader")
    made.before_request(_admit)
    return made


def may_listen() -> bool:
    """Whether whoever made this request may (still) listen to anything."""
    try:
        return account_of_request().is_superuser
    except AnswerError:
        return False


def _admit() -> None:
    """Refuse with 403 whom we do not know, with 503 whom we have no room for."""
    if not state().hosts.allow_origin(request.headers.get("Origin")):
        raise refusal(HTTPStatus.FORBIDDEN, "This origin may not open a WebSocket.")
    if not may_listen():
        raise refusal(HTTPStatus.FORBIDDEN, "You may not listen to this.")
    if not hub().is_open:
        raise refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There is no room for another WebSocket: try again later.",
            {"Retry-After": "5"},
        )
