"""Handing a connection over from gunicorn to the WebSocket library.

The library closes the socket that it was given. gunicorn 27 closes it again, stumbles,
and counts the connection off twice; its limits and its graceful stop then no longer
work. So the library gets a duplicate, and gunicorn keeps its own.
"""

import socket
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, cast
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from simple_websocket import Server

_GIVEN = "gunicorn.socket"
_KEPT = "flashlog.socket"


class SocketOfItsOwn:
    """WSGI middleware: each WebSocket gets a duplicate of gunicorn's socket."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(
        self, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        is_websocket = environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        if is_websocket and _GIVEN in environ:
            environ[_KEPT] = environ[_GIVEN]
            environ[_GIVEN] = environ[_GIVEN].dup()
        return self._application(environ, start_response)


def lasting(server: Server) -> socket.socket:
    """Return a connection that stays open when the library has closed its own."""
    kept = server.environ.get(_KEPT, server.sock)
    return cast("socket.socket", kept)


def shut(environ: dict[str, Any]) -> None:
    """End a connection for good.

    gunicorn's main loop would otherwise linger on it for two seconds, and meanwhile
    accept nobody.
    """
    kept = environ.get(_KEPT)
    if kept is not None:
        with suppress(OSError):
            kept.shutdown(socket.SHUT_RDWR)
