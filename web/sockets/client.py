"""One WebSocket client, written to from any thread and never waited for."""

import logging
import socket
import struct
from contextlib import suppress
from threading import Lock

from simple_websocket import Server
from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError

_LOG = logging.getLogger(__name__)

_TEXT = 0x81  # FIN and opcode 1 (RFC 6455 section 5.2)
_SHORT, _MEDIUM = 126, 1 << 16
# How long a client may take to answer our Close, in seconds.
_FAREWELL_SECONDS = 1.0


class Client:
    """A connection that takes whole frames at once, or is cut.

    The kernel's send buffer is the only buffer: where a frame does not fit, the client
    has been slow for long, and half a frame could not be followed by anything.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._lock = Lock()
        self._is_closed = False

    def send(self, frame: bytes) -> None:
        with self._lock:
            if self._is_closed:
                return
            try:
                sent = self._server.sock.send(frame, socket.MSG_DONTWAIT)
            except OSError:
                sent = 0
            if sent != len(frame):
                self._cut()

    def close(self, code: int, reason: str) -> None:
        """Say goodbye, and wake whoever waits in `receive`."""
        self.say_goodbye(code, reason)
        self.wake()

    def say_goodbye(self, code: int, reason: str) -> None:
        """Send Close; the client's answer, if there is one, ends the conversation."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            with suppress(OSError, LocalProtocolError):
                farewell = self._server.ws.send(CloseConnection(code, reason))
                self._server.sock.send(farewell, socket.MSG_DONTWAIT)

    def wake(self) -> None:
        self._server.connected = False
        self._server.event.set()

    def finish(self) -> None:
        """Give the client a moment to answer the Close that was sent."""
        with self._lock:
            self._is_closed = True
        self._server.thread.join(_FAREWELL_SECONDS)

    def _cut(self) -> None:
        self._is_closed = True
        _LOG.warning("action=client_cut a slow or vanished WebSocket client was cut")
        with suppress(OSError):
            self._server.sock.shutdown(socket.SHUT_RDWR)


def text_frame(payload: bytes) -> bytes:
    """Encode one unmasked text message, once for all its readers."""
    size = len(payload)
    if size < _SHORT:
        return struct.pack("!BB", _TEXT, size) + payload
    if size < _MEDIUM:
        return struct.pack("!BBH", _TEXT, _SHORT, size) + payload
    return struct.pack("!BBQ", _TEXT, _SHORT + 1, size) + payload
