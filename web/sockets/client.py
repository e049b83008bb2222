"""One WebSocket client, written to from any thread and never waited for.

The client's own thread sends what the connection does not take at once. What waits
there has a limit: whoever is slower than that is told no more, and its own thread
decides what becomes of it.
"""

import logging
import select
import socket
from collections import deque
from contextlib import suppress
from threading import Lock
from time import monotonic
from typing import Any

from simple_websocket import ConnectionClosed, Server
from wsproto.events import CloseConnection
from wsproto.utilities import LocalProtocolError

from web.sockets.frames import News

_LOG = logging.getLogger(__name__)

# What may wait for a client beside the one message that is on its way.
WAITING_BYTES_MAX = 256 * 1024
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
    """

    def __init__(self, told: int) -> None:
        self.told = told
        self.is_slow = False
        self._lock = Lock()
        self._held: deque[tuple[int, bytes]] | None = deque()
        self._held_bytes = 0
        self._waiting: deque[tuple[int, bytes | memoryview]] = deque()
        self._waiting_bytes = 0
        self._is_closed = False
        self._is_in_a_hurry = False
        self._server: Server | None = None
        self._sock: socket.socket | None = None

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
            if self._is_too_much(frame):
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
            if self._waiting:
                self._keep_waiting(1)
                self.told, _ = self._waiting[0]
            if self._server is not None:
                close = CloseConnection(code, f"{reason}; position={self.told}")
                with suppress(LocalProtocolError):
                    self._put(self._server.ws.send(close))

    def control(self, data: bytes) -> None:
        """Send what the WebSocket library has to say: a ping, a pong, a Close."""
        with self._lock:
            if not self._is_closed and self._waiting_bytes < 2 * WAITING_BYTES_MAX:
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
        self._sock = server.sock
        server.sock = _OneAtATime(server.sock, self)
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

    def say(self, frames: bytes, *, told: int, stall_seconds: float) -> None:
        """Send at the client's pace. Raises StalledError."""
        with self._lock:
            self.told = max(self.told, told)
            if frames and not self._is_closed:
                self._put(frames)
        self.drain(stall_seconds=stall_seconds)

    def drain(self, *, stall_seconds: float) -> None:
        """Send what waits, at the client's pace. Raises StalledError.

        Ends early where the service says goodbye meanwhile.
        """
        deadline = monotonic() + stall_seconds
        while not self._is_closed:
            before = self._waiting_bytes
            left = self._try_on()
            if not left:
                return
            if left < before:
                deadline = monotonic() + stall_seconds
            if monotonic() > deadline:
                raise StalledError
            self._await_room()

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
            self._keep_waiting(2)  # the rest of a message, and Close
        begun = monotonic()
        with suppress(ConnectionClosed):
            while self._try_on():
                limit = _FAREWELL_SECONDS if self._is_in_a_hurry else seconds
                if monotonic() > begun + limit:
                    _LOG.warning("action=client_cut position=%s", self.told)
                    break
                self._await_room()
        if self._server is not None:
            self._server.thread.join(_FAREWELL_SECONDS)

    def _try_on(self) -> int:
        """Send what goes out at once; returns how much still waits."""
        with self._lock:
            self._send_on()
            return self._waiting_bytes

    # --- under the lock ----------------------------------------------------------

    def _push(self, position: int, frames: bytes) -> None:
        if self._is_closed or self.is_slow or position <= self.told:
            return
        if self._held is not None:
            self._hold(self._held, position, frames)
        elif self._is_too_much(frames):
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

    def _is_too_much(self, frames: bytes) -> bool:
        return bool(
            self._waiting and self._waiting_bytes + len(frames) > WAITING_BYTES_MAX
        )

    def _give_up(self) -> None:
        self.is_slow = True
        _LOG.info("action=client_slow position=%s a client does not keep up", self.told)
        self._call_own_thread()

    def _put(self, data: bytes) -> None:
        had_waited = bool(self._waiting)
        self._waiting.append((self.told, data))
        self._waiting_bytes += len(data)
        if not had_waited:
            self._send_on()
            if self._waiting:
                self._call_own_thread()

    def _keep_waiting(self, count: int) -> None:
        while len(self._waiting) > count:
            _, data = self._waiting.pop()
            self._waiting_bytes -= len(data)

    def _send_on(self) -> None:
        """Send what the connection takes without waiting."""
        while self._waiting and self._sock is not None:
            told, data = self._waiting[0]
            try:
                sent = self._sock.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:  # it has gone; its own thread finds that out by itself
                self._is_closed = True
                self._waiting.clear()
                self._waiting_bytes = 0
                return
            self._waiting_bytes -= sent
            if sent < len(data):
                self._waiting[0] = told, memoryview(data)[sent:]
            else:
                self._waiting.popleft()

    def _call_own_thread(self) -> None:
        if self._server is not None:
            self._server.input_buffer.append(_WOKEN)
            self._server.event.set()

    def _await_room(self) -> None:
        try:
            room = select.poll()
            room.register(self._sock or -1, select.POLLOUT)
            room.poll(_LOOK_SECONDS * 1000)
        except (OSError, ValueError):
            raise ConnectionClosed from None


class _OneAtATime:
    """The connection as the WebSocket library sees it.

    Its pings, pongs and Closes wait their turn behind a message that is on its way.
    """

    def __init__(self, sock: socket.socket, client: Client) -> None:
        self._sock = sock
        self._client = client

    def send(self, data: bytes) -> int:
        self._client.control(data)
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sock, name)
