"""Who may open a WebSocket: decided before the handshake is answered.

From here on a client is told what happens, so that nothing is lost between the
handshake and the first thing that its thread does.
"""

from collections.abc import Callable, Mapping
from http import HTTPStatus

from flask import Blueprint, g, request

from application.access import Account
from web.answers import AnswerError, refusal
from web.api.authentication import account_of_request, session_of_request
from web.sockets.client import Client
from web.sockets.hub import hub
from web.sockets.listening import Listening
from web.state import state

# For each endpoint: who asks, and what the path names → what is listened to.
Door = Callable[..., Listening]


def blueprint(doors: Mapping[str, Door]) -> Blueprint:
    """Make the blueprint that every channel belongs to."""
    made = Blueprint("sockets", __name__, url_prefix="/ws/firmware-upgrader")

    def admit() -> None:
        g.listening = None
        door = doors[str(request.endpoint).rpartition(".")[2]]
        g.listening = door(_known(), **(request.view_args or {}))

    def end(_: BaseException | None) -> None:
        if g.get("listening") is not None:
            g.listening.end()

    made.before_request(admit)
    made.teardown_request(end)
    return made


def account_now() -> Account | None:
    """Return who made this request, as their account is now."""
    try:
        return account_of_request()
    except AnswerError:
        return None


def forbidden() -> AnswerError:
    return refusal(HTTPStatus.FORBIDDEN, "You may not listen to this.")


def seated(*, told: int | None = None) -> Client:
    """Return a client that has a seat. Raises AnswerError (503)."""
    client = hub().seat(told=told, session_id=session_of_request())
    if client is None:
        raise refusal(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "There is no room for another WebSocket: try again later.",
            {"Retry-After": "5"},
        )
    return client


def _known() -> Account:
    """Return who asks. Raises AnswerError (403) for strangers."""
    if not state().hosts.allow_origin(request.headers.get("Origin")):
        raise refusal(HTTPStatus.FORBIDDEN, "This origin may not open a WebSocket.")
    account = account_now()
    if account is None:
        raise forbidden()
    return account
