"""What is on its way to one client, sent without waiting for it."""

import socket
from collections import deque
from contextlib import suppress

# What may wait for a client beside the one message that is on its way.
WAITING_BYTES_MAX = 256 * 1024
# How much the kernel keeps beside that (it doubles this). Left to itself it keeps
# megabytes, and a ping behind them would reach a slow client after minutes.
_KERNEL_BYTES = WAITING_BYTES_MAX // 2


class Outbox:
    """Frames in their order, each with the position told by then.

    Guarded by the client. Without a connection everything waits.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        self.is_broken = False
        self._waiting: deque[tuple[int, bytes | memoryview]] = deque()
        self._sock: socket.socket | None = None

    def connect(self, sock: socket.socket) -> None:
        with suppress(OSError):  # it may have gone already
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _KERNEL_BYTES)
        self._sock = sock

    def has_room_for(self, data: bytes) -> bool:
        """Whether this may wait, too; a single message may be as long as it is."""
        return not self._waiting or self.size_bytes + len(data) <= WAITING_BYTES_MAX

    def put(self, data: bytes, *, told: int) -> bool:
        """Send this after what waits; returns whether it begins to wait."""
        had_waited = bool(self._waiting)
        self._waiting.append((told, data))
        self.size_bytes += len(data)
        if not had_waited:
            self.send_on()
        return bool(self._waiting) and not had_waited

    def send_on(self) -> None:
        """Send what the connection takes without waiting."""
        while self._waiting and self._sock is not None:
            told, data = self._waiting[0]
            try:
                sent = self._sock.send(data, socket.MSG_DONTWAIT)
            except BlockingIOError:
                return
            except OSError:  # it has gone; the client's thread finds that out by itself
                self.is_broken = True
                self.keep(0)
                return
            self.size_bytes -= sent
            if sent < len(data):
                self._waiting[0] = told, memoryview(data)[sent:]
            else:
                self._waiting.popleft()

    def keep(self, count: int) -> int | None:
        """Drop all but the first; returns the position told by then, if any waits."""
        while len(self._waiting) > count:
            _, data = self._waiting.pop()
            self.size_bytes -= len(data)
        return self._waiting[-1][0] if self._waiting else None
