"""One WebSocket client, written to from any thread and never waited for.

The client's own thread sends what the connection does not take at once. What waits
there has a limit: whoever is slower than that is told no more, and its own thread
decides what becomes of it.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any
from uuid import UUID

from simple_websocket import ConnectionClosed, Server
from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError

from web.metering import CLIENTS_DROPPED
from web.sockets.codes import POLICY_VIOLATION
from web.sockets.frames import News
from web.sockets.handover import lasting
from web.sockets.outbox import WAITING_BYTES_MAX, Outbox

_LOG = logging.getLogger(__name__)

# What a client has said and was not listened to yet; it may ask for one thing only.
_SAID_MAX = 100
# How long a client may take to answer our Close, in seconds.
_FAREWELL_SECONDS = 1.0
# How often a thread that waits for a slow client looks whether there is still a need.
_LOOK_SECONDS = 0.25
_WOKEN = object()


class StalledError(Exception):
    """The client has taken nothing for as long as it may."""


class Client:
    """A connection that is told things in the order of their positions.

    `told` is the position up to which everything has been sent or is on its way. There
    may be a client before its connection: what it is told meanwhile is held.
    `session_id` is that of the browser, if it came in with one.
    """

    def __init__(self, told: int, session_id: UUID | None = None) -> None:
        self.told = told
        self.session_id = session_id
        self.is_slow = False
        self._lock = Lock()
        self._held: deque[tuple[int, bytes]] | None = deque()
        self._held_bytes = 0
        self._outbox = Outbox()
        self._is_closed = False
        self._is_in_a_hurry = False
        self._server: Server | None = None

    # --- from any thread -------------------------------------------------------

    def push(self, news: News) -> None:
        """Tell what happened, without what was told already."""
        with self._lock:
            if self._held is None and self.told < news.first:
                self._push(news.last, news.joined)
                return
            for position, frames in news.each:
                self._push(position, frames)

    def remark(self, frame: bytes, *, told: int | None = None) -> None:
        """Say something that belongs to no position; `told` tells how far all is."""
        with self._lock:
            if self._is_closed or self.is_slow or self._held is not None:
                return
            if not self._outbox.has_room_for(frame):
                self._give_up()
                return
            self.told = max(self.told, told or 0)
            self._put(frame)

    def say_goodbye(self, code: int, reason: str) -> None:
        """Send Close after the message that is on its way; nothing comes after it.

        The reason ends with the position up to which the client was told everything.
        """
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            on_its_way = self._outbox.keep(1)
            if on_its_way is not None:
                self.told = on_its_way
            if self._server is not None:
                close = CloseConnection(code, f"{reason}; position={self.told}")
                with suppress(LocalProtocolError):
                    self._put(self._server.ws.send(close))

    def control(self, data: bytes) -> None:
        """Send what the WebSocket library has to say: a ping, a pong, a Close."""
        with self._lock:
            is_full = self._outbox.size_bytes >= 2 * WAITING_BYTES_MAX
            if not (self._is_closed or is_full):
                self._put(data)

    def wake(self, *, in_a_hurry: bool = False) -> None:
        """End the conversation of the client's own thread."""
        self._is_in_a_hurry = in_a_hurry
        if self._server is not None:
            self._server.connected = False
            self._server.event.set()

    def close(self, code: int, reason: str) -> None:
        self.say_goodbye(code, reason)
        self.wake()

    # --- from the client's own thread ------------------------------------------

    def attach(self, server: Server) -> None:
        """Begin: the connection is there, and what was held goes out."""
        self._outbox.connect(lasting(server))
        server.sock = _OneAtATime(server, self)
        self._server = server
        self.release([], position=self.told)

    def hold(self) -> None:
        """Hold what is told from now on, until an answer to the client is ready."""
        with self._lock:
            self._held = deque()
            self._held_bytes = 0

    def release(self, answer: list[bytes], *, position: int) -> None:
        """Send an answer that shows a position, then what was held beyond it.

        An answer may be as long as it is.
        """
        with self._lock:
            held, self._held = self._held or (), None
            self.told = max(self.told, position)
            if self._is_closed:
                return
            for frame in answer:
                self._put(frame)
            for held_position, frames in held:
                if held_position > self.told:
                    self.told = held_position
                    self._put(frames)

    def say(
        self,
        frames: bytes,
        *,
        told: int,
        stall_seconds: float,
        meanwhile: Callable[[], None],
    ) -> None:
        """Send at the client's pace. Raises StalledError."""
        with self._lock:
            self.told = max(self.told, told)
            if frames and not self._is_closed:
                self._put(frames)
        self.drain(stall_seconds=stall_seconds, meanwhile=meanwhile)

    def drain(self, *, stall_seconds: float, meanwhile: Callable[[], None]) -> None:
        """Send what waits, at the client's pace. Raises StalledError.

        That may take for ever, so `meanwhile` is done again and again. Ends early
        where the service says goodbye.
        """
        deadline = monotonic() + stall_seconds
        while not self._is_closed:
            if self._send_on():
                self._show_life()
                deadline = monotonic() + stall_seconds
            if not self._outbox.size_bytes:
                return
            if monotonic() > deadline:
                raise StalledError
            self._outbox.await_room(seconds=_LOOK_SECONDS)
            meanwhile()

    def catch_breath(self) -> None:
        """Count no more as slow: everything up to `told` has been sent."""
        with self._lock:
            self.is_slow = False

    def receive(self, *, seconds: float) -> str | bytes | None:
        """Wait for a message, or until something waits for this thread.

        Raises simple_websocket's ConnectionClosed.
        """
        if self._server is None:
            raise ConnectionClosed
        said = self._server.receive(timeout=max(0.0, seconds))
        return None if said is _WOKEN else said

    @property
    def is_open(self) -> bool:
        return bool(
            self._server is not None and self._server.connected and not self._is_closed
        )

    def finish(self, *, seconds: float) -> None:
        """Send the Close that may still wait, and give the client time to answer.

        Who takes nothing has so long to begin again, and is cut then.
        """
        with self._lock:
            self._is_closed = True
            self._outbox.keep(2)  # the rest of a message, and Close
        begun = monotonic()
        with suppress(ConnectionClosed):
            while self._send_on() or self._outbox.size_bytes:
                limit = _FAREWELL_SECONDS if self._is_in_a_hurry else seconds
                if monotonic() > begun + limit:
                    CLIENTS_DROPPED.labels("stalled").inc()
                    _LOG.warning("action=client_cut position=%s", self.told)
                    break
                self._outbox.await_room(seconds=_LOOK_SECONDS)
        if self._server is not None:
            self._server.thread.join(_FAREWELL_SECONDS)

    def _send_on(self) -> bool:
        """Send what goes out at once; returns whether anything did."""
        with self._lock:
            before = self._outbox.size_bytes
            self._outbox.send_on()
            self._is_closed |= self._outbox.is_broken
            return self._outbox.size_bytes < before

    def _show_life(self) -> None:
        """Whoever takes what waits is there, however late our ping comes to it."""
        if self._server is not None:
            self._server.pong_received = True

    # --- under the lock ----------------------------------------------------------

    def _push(self, position: int, frames: bytes) -> None:
        if self._is_closed or self.is_slow or position <= self.told:
            return
        if self._held is not None:
            self._hold(self._held, position, frames)
        elif not self._outbox.has_room_for(frames):
            self._give_up()
        else:
            self.told = position
            self._put(frames)

    def _hold(
        self, held: deque[tuple[int, bytes]], position: int, frames: bytes
    ) -> None:
        self._held_bytes += len(frames)
        if self._held_bytes > WAITING_BYTES_MAX:
            held.clear()
            self._give_up()
        else:
            held.append((position, frames))

    def _give_up(self) -> None:
        self.is_slow = True
        _LOG.info("action=client_slow position=%s a client does not keep up", self.told)
        self._call_own_thread()

    def _put(self, data: bytes) -> None:
        if self._outbox.put(data, told=self.told):
            self._call_own_thread()
        self._is_closed |= self._outbox.is_broken

    def _call_own_thread(self) -> None:
        if self._server is not None:
            if _WOKEN not in self._server.input_buffer[-1:]:
                self._server.input_buffer.append(_WOKEN)
            self._server.event.set()


class _OneAtATime:
    """The connection as the WebSocket library sees it.

    Its pings, pongs and Closes wait their turn behind a message that is on its way.
    It hears no more of a client than the client's own thread can listen to.
    """

    def __init__(self, server: Server, client: Client) -> None:
        self._server = server
        self._sock: socket.socket = server.sock
        self._client = client

    def send(self, data: bytes) -> int:
        self._client.control(data)
        return len(data)

    def recv(self, size: int) -> bytes:
        if len(self._server.input_buffer) > _SAID_MAX:
            self._client.close(POLICY_VIOLATION, "too much was said at once")
            return b""
        return self._sock.recv(size)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
