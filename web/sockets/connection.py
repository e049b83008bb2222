"""The connection of one client, heard and pinged by the thread that serves it.

The WebSocket library would have a second thread for each client, which mostly waits.
What it does with what it hears is still the library's: frames, pongs, Closes.
"""

import os
import select
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from simple_websocket import ConnectionClosed, Server
from wsproto.connection import ConnectionState
from wsproto.events import CloseConnection, Ping
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import ProtocolError


class NoThread:
    """Stands where the library would start a thread for what it calls its loop."""

    name = ""

    def __init__(self, target: Callable[[], None]) -> None:
        """Take the loop, and never run it."""

    def start(self) -> None:
        """Leave it to the client's own thread."""


class Connection:
    """Used by the client's own thread alone, but for `ring` and `farewell`.

    What the library says by itself (a pong, the answer to a Close) goes to `send`.
    """

    def __init__(self, server: Server, *, send: Callable[[bytes], None]) -> None:
        self.sock: socket.socket = server.sock
        server.sock = _Outlet(send)
        self._server = server
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._ping_at = monotonic() + server.ping_interval
        self._is_gone = False

    @property
    def is_open(self) -> bool:
        """Whether neither the client nor the library has ended it."""
        return bool(self._server.connected)

    def said(self) -> str | bytes | None:
        """Return the next message of those that were heard."""
        waiting = self._server.input_buffer
        return waiting.pop(0) if waiting else None

    def said_count(self) -> int:
        return len(self._server.input_buffer)

    def forget(self) -> None:
        """Drop what was heard: nobody will listen to it any more."""
        self._server.input_buffer.clear()

    def hear(self, *, seconds: float, or_room: bool = False) -> None:
        """Wait until the client says something, somebody rings, or there is room.

        Meanwhile it is pinged, and given up if it did not answer the last time.
        """
        seconds = min(seconds, self._ping_at - monotonic())
        ready = self._ready(max(0.0, seconds), or_room=or_room)
        if self._bell in ready:
            with suppress(BlockingIOError):
                os.eventfd_read(self._bell)
        # What has come is heard first: it may be the sign of life.
        if ready.get(self.sock.fileno(), 0) & ~select.POLLOUT:
            self._take_in()
        elif monotonic() >= self._ping_at:
            self._ping()

    def show_life(self) -> None:
        """Whoever takes what waits is there, however late our ping comes to it."""
        self._server.pong_received = True

    def await_farewell(self, *, seconds: float) -> None:
        """Give the client time to answer our Close; what else it says is dropped."""
        until = monotonic() + seconds
        while not self._has_ended and (left := until - monotonic()) > 0:
            self.hear(seconds=left)
            self.forget()

    def close(self) -> None:
        """Let nobody ring any more; the connection itself is the web server's."""
        os.close(self._bell)

    # --- from any thread ---------------------------------------------------------

    def ring(self) -> None:
        """Let the client's own thread look at what there is."""
        os.eventfd_write(self._bell, 1)

    def farewell(self, code: int, reason: str) -> bytes:
        """Return the Close to send; nothing, if one has gone already."""
        with suppress(ProtocolError):
            return bytes(self._server.ws.send(CloseConnection(code, reason)))
        return b""

    # -----------------------------------------------------------------------------

    @property
    def _has_ended(self) -> bool:
        return self._is_gone or self._server.ws.state is ConnectionState.CLOSED

    def _ready(self, seconds: float, *, or_room: bool) -> dict[int, int]:
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        # The end of a connection can be read for ever.
        wanted = 0 if self._is_gone else select.POLLIN
        poll.register(self.sock, wanted | (select.POLLOUT if or_room else 0))
        return dict(poll.poll(seconds * 1000))

    def _take_in(self) -> None:
        server = self._server
        try:
            data = self.sock.recv(server.receive_bytes, socket.MSG_DONTWAIT)
            server.ws.receive_data(data or None)
            # There is no other way in.
            if not server._handle_events() or not data:  # noqa: SLF001
                server.connected = False
            self._is_gone = not data
        except BlockingIOError:
            pass
        except (OSError, ProtocolError):
            server.connected = False
            self._is_gone = True

    def _ping(self) -> None:
        server = self._server
        self._ping_at = monotonic() + server.ping_interval
        # In the middle of a farewell nobody is asked any more.
        with suppress(ProtocolError, ConnectionClosed):
            if not server.pong_received:
                self._is_gone = True
                server.close(CloseReason.POLICY_VIOLATION, "Ping/Pong timeout")
            server.pong_received = False
            server.sock.send(server.ws.send(Ping()))


class _Outlet:
    """The connection as the library sees it: a way out that waits its turn."""

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self._send = send

    def send(self, data: bytes) -> int:
        self._send(data)
        return len(data)
