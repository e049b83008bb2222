"""The channel of one operation."""

import logging
from http import HTTPStatus
from time import monotonic
from uuid import UUID

import msgspec
from flask import Blueprint, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from application.queries.operations import operation_row
from web.answers import refusal
from web.sockets.admission import may_listen
from web.sockets.client import Client
from web.sockets.handover import shut
from web.sockets.hub import INTERNAL_ERROR, POLICY_VIOLATION, hub
from web.state import flashlog

_LOG = logging.getLogger(__name__)


def add_to(sock: Sock, blueprint: Blueprint) -> None:
    blueprint.before_request(_require_operation)
    sock.route("/upgrade-operation/<uuid:operation_id>/", bp=blueprint)(_listen)


def _require_operation() -> None:
    operation_id = (request.view_args or {}).get("operation_id")
    if operation_id and operation_row(flashlog(), operation_id) is None:
        raise refusal(HTTPStatus.FORBIDDEN, "You may not listen to this.")


def _listen(server: Server, operation_id: UUID) -> None:
    """Push every save of the operation; answer requests for its state."""
    client = Client(server)
    try:
        with hub().listening(operation_id, client) as is_listening:
            if is_listening:
                _converse(server, operation_id, client)
    except ConnectionClosed:
        pass
    except Exception:  # noqa: BLE001 - told to the client as a code
        _LOG.exception("action=socket_failed a WebSocket is closed")
        client.close(INTERNAL_ERROR, "trouble on the server")
    finally:
        client.finish()
        shut(request.environ)


def _converse(server: Server, operation_id: UUID, client: Client) -> None:
    pause = flashlog().settings.websocket_recheck_seconds
    recheck_at = monotonic() + pause
    while True:
        said = server.receive(timeout=max(0.0, recheck_at - monotonic()))
        if said is not None and _asks_for_state(said):
            hub().reply(operation_id, client)
        if monotonic() >= recheck_at:
            if not may_listen():
                client.close(POLICY_VIOLATION, "you may not listen any more")
            recheck_at = monotonic() + pause


def _asks_for_state(said: str | bytes) -> bool:
    """Whether this is the one request there is; anything else is ignored."""
    if not isinstance(said, str):
        return False
    try:
        message = msgspec.json.decode(said)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        return False
    return isinstance(message, dict) and message.get("type") == "request_current_state"
