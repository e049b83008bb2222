"""WebSockets: one operation, one batch, one device, or all events as they happen."""

import logging
import socket
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Flask, g, request
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server

from application.errors import StorageError
from web.sockets import admission, event_feed, following
from web.sockets.codes import INTERNAL_ERROR
from web.sockets.connection import NoThread
from web.sockets.hub import Hub, keep
from web.sockets.listening import Listening
from web.state import WebState

_LOG = logging.getLogger(__name__)

# No client has more to say than one short request.
_MESSAGE_BYTES_MAX = 4096

_CHANNELS: Mapping[str, tuple[str, admission.Door]] = {
    "operation": ("/upgrade-operation/<uuid:operation_id>/", following.to_operation),
    "batch": ("/batch-upgrade-operation/<uuid:batch_id>/", following.to_batch),
    "device": ("/device/<uuid:device_id>/", following.to_device),
    "events": ("/event/", event_feed.to_events),
}


def init_app(app: Flask, state: WebState) -> None:
    settings = state.flashlog.settings
    app.config["SOCK_SERVER_OPTIONS"] = {
        "ping_interval": settings.websocket_ping_seconds,
        "max_message_size": _MESSAGE_BYTES_MAX,
        "thread_class": NoThread,
    }
    keep(app, Hub(state.flashlog, state.follower))
    sock = Sock()
    blueprint = admission.blueprint(
        {name: door for name, (_, door) in _CHANNELS.items()}
    )
    for name, (rule, _) in _CHANNELS.items():
        sock.route(rule, bp=blueprint, endpoint=name)(_listen)
    app.register_blueprint(blueprint)


def _listen(server: Server, **_: Any) -> None:
    """Tell the client what it listens to, until one of us closes."""
    listening: Listening = g.listening
    client = listening.client
    try:
        client.attach(server)
        listening.converse()
    except ConnectionClosed:
        pass
    except StorageError as error:
        _LOG.warning("action=socket_cut a WebSocket is closed: %s", error)
        client.close(INTERNAL_ERROR, "trouble on the server")
    except Exception:  # noqa: BLE001 - told to the client as a code
        _LOG.exception("action=socket_failed a WebSocket is closed")
        client.close(INTERNAL_ERROR, "trouble on the server")
    finally:
        try:
            client.finish(seconds=listening.flashlog.settings.websocket_stall_seconds)
        finally:
            listening.end()
            _shut(request.environ["gunicorn.socket"])


def _shut(connection: socket.socket) -> None:
    """End a connection for good.

    gunicorn's main loop would otherwise linger on it for two seconds, and meanwhile
    accept nobody.
    """
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
