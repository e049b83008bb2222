"""One WebSocket client, written to from any thread and never waited for.

The client's own thread sends what the connection does not take at once. What waits
there has a limit: whoever is slower than that is told no more, and its own thread
decides what becomes of it.
"""

import logging
from collections import deque
from collections.abc import Callable
from threading import Lock
from time import monotonic
from uuid import UUID

from simple_websocket import ConnectionClosed, Server

from web.metering import CLIENTS_DROPPED
from web.sockets.codes import POLICY_VIOLATION
from web.sockets.connection import Connection
from web.sockets.frames import News
from web.sockets.outbox import WAITING_BYTES_MAX, Outbox

_LOG = logging.getLogger(__name__)

# What a client has said and was not listened to yet; it may ask for one thing only.
_SAID_MAX = 100
# How long a client may take to answer our Close, in seconds.
_FAREWELL_SECONDS = 1.0
# How often a thread that waits for a slow client looks whether there is still a need.
_LOOK_SECONDS = 0.25


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
        self._connection: Connection | None = None

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
            if self._connection is not None:
                last_words = f"{reason}; position={self.told}"
                self._put(self._connection.farewell(code, last_words))

    def control(self, data: bytes) -> None:
        """Send what the WebSocket library has to say: a ping, a pong, a Close."""
        with self._lock:
            is_full = self._outbox.size_bytes >= 2 * WAITING_BYTES_MAX
            if not (self._is_closed or is_full):
                self._put(data)

    def wake(self, *, in_a_hurry: bool = False) -> None:
        """Let the client's own thread notice that it was told goodbye."""
        self._is_in_a_hurry = in_a_hurry
        with self._lock:
            self._ring()

    def close(self, code: int, reason: str) -> None:
        self.say_goodbye(code, reason)
        self.wake()

    # --- from the client's own thread ------------------------------------------

    def attach(self, server: Server) -> None:
        """Begin: the connection is there, and what was held goes out."""
        connection = Connection(server, send=self.control)
        self._outbox.connect(connection.sock)
        self._connection = connection
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
        self.hear(seconds=0)
        self.drain(stall_seconds=stall_seconds, meanwhile=meanwhile)

    def drain(self, *, stall_seconds: float, meanwhile: Callable[[], None]) -> None:
        """Send what waits, at the client's pace. Raises StalledError.

        That may take for ever, so `meanwhile` is done again and again. Ends early
        where one of both says goodbye.
        """
        deadline = monotonic() + stall_seconds
        while self.is_open:
            if self._send_on():
                self._attached.show_life()
                deadline = monotonic() + stall_seconds
            if not self._outbox.size_bytes:
                return
            if monotonic() > deadline:
                raise StalledError
            self.hear(seconds=_LOOK_SECONDS, or_room=True)
            meanwhile()

    def catch_breath(self) -> None:
        """Count no more as slow: everything up to `told` has been sent."""
        with self._lock:
            self.is_slow = False

    def receive(self, *, seconds: float) -> str | bytes | None:
        """Wait for a message, or until something waits for this thread.

        Raises simple_websocket's ConnectionClosed.
        """
        if self.is_open and not self._attached.said_count():
            self.hear(seconds=seconds)
        said = self._attached.said()
        if said is None and not self.is_open:
            raise ConnectionClosed
        return said

    def hear(self, *, seconds: float, or_room: bool = False) -> None:
        """Take in what the client says, for so long or until there is some news."""
        self._attached.hear(seconds=seconds, or_room=or_room)
        if self._attached.said_count() > _SAID_MAX:
            self.say_goodbye(POLICY_VIOLATION, "too much was said at once")

    @property
    def is_open(self) -> bool:
        return not self._is_closed and self._attached.is_open

    def finish(self, *, seconds: float) -> None:
        """Send the Close that may still wait, and give the client time to answer.

        Who takes nothing has so long to begin again, and is cut then.
        """
        if self._connection is None:
            return
        with self._lock:
            self._is_closed = True
            self._outbox.keep(2)  # the rest of a message, and Close
        if self._has_sent_all(seconds=seconds):
            self._connection.await_farewell(seconds=_FAREWELL_SECONDS)
        else:
            CLIENTS_DROPPED.labels("stalled").inc()
            _LOG.warning("action=client_cut position=%s", self.told)
        with self._lock:
            self._connection.close()
            self._connection = None

    def _has_sent_all(self, *, seconds: float) -> bool:
        begun = monotonic()
        while self._send_on() or self._outbox.size_bytes:
            limit = _FAREWELL_SECONDS if self._is_in_a_hurry else seconds
            if monotonic() > begun + limit:
                return False
            self._attached.hear(seconds=_LOOK_SECONDS, or_room=True)
            self._attached.forget()
        return True

    @property
    def _attached(self) -> Connection:
        if self._connection is None:
            raise ConnectionClosed
        return self._connection

    def _send_on(self) -> bool:
        """Send what goes out at once; returns whether anything did."""
        with self._lock:
            before = self._outbox.size_bytes
            self._outbox.send_on()
            self._is_closed |= self._outbox.is_broken
            return self._outbox.size_bytes < before

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
        self._ring()

    def _put(self, data: bytes) -> None:
        if self._outbox.put(data, told=self.told):
            self._ring()
        self._is_closed |= self._outbox.is_broken

    def _ring(self) -> None:
        if self._connection is not None:
            self._connection.ring()
