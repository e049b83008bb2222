"""One lane of an upload: a channel at a time, filled from the image.

The receive window belongs to the router (24 KiB up to OpenWrt 22.03), so one stream
moves a window per round trip, whatever the link. Several channels of one connection
have a window each.
"""

import math
import threading
from collections.abc import Callable
from typing import Any

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.exchange import Exchange
from application.adapters.ssh.wire import wait_for_window
from application.ports import Completed, Span

_WINDOW_BYTES = 24 << 10  # dropbear's default, the smallest in the field
_WANTED_BYTES_PER_SECOND = 8 << 20  # about what a small router can decrypt and write
_CHANNELS_MIN = 2  # while one waits for its window the other one sends
_READ_BYTES = 256 << 10
_STDOUT_BYTES_MAX = 64 << 10
_PACKET_OVERHEAD_BYTES = 64  # what paramiko keeps free in the peer's largest packet


def channels_for(round_trip_seconds: float, channels_max: int) -> int:
    """Choose how many channels keep a link of this round-trip time busy.

    Each costs the router a `dd` with a buffer of 64 KiB, so not more than useful.
    """
    wanted = math.ceil(_WANTED_BYTES_PER_SECOND * round_trip_seconds / _WINDOW_BYTES)
    return max(1, min(max(wanted, _CHANNELS_MIN), channels_max))


class Lane:
    """Sends spans one after the other and knows how far the router took them."""

    def __init__(
        self,
        read: Callable[[int, int], bytes],
        bandwidth: Bandwidth,
        stopped: threading.Event,
    ) -> None:
        self._read = read
        self._bandwidth = bandwidth
        self._stopped = stopped
        self._taken_before = 0
        self._sent = 0
        self._window_bytes = 0
        self.channel: Any = None

    @property
    def bytes_taken(self) -> int:
        """Bytes that the router has taken out of its window, of all spans so far."""
        channel = self.channel
        if channel is None:
            return self._taken_before
        waiting: int = max(0, self._window_bytes - channel.out_window_size)
        return self._taken_before + max(0, self._sent - waiting)

    def send(self, span: Span, channel: Any, command: str) -> Completed:
        """Send one span over a fresh channel and wait for the end of its command.

        A command that ends early (no room, a refusal) is no error here: its exit
        status and output say why. Raises LinkLostError when the connection breaks.
        """
        self._sent = 0
        self._window_bytes = channel.out_window_size
        self.channel = channel
        if self._stopped.is_set():  # whoever stops may have looked before this
            channel.close()
        exchange = Exchange(channel, command, _STDOUT_BYTES_MAX)
        if self._fill(channel, span):
            exchange.end_input()
        completed = exchange.finish(None)
        if completed.exit_status == 0 and self._sent == span.end - span.start:
            taken = self._sent
        else:
            taken = self.bytes_taken - self._taken_before
        self.channel = None
        self._taken_before += taken
        return completed

    def _fill(self, channel: Any, span: Span) -> bool:
        """Write the span; False when the channel was closed before its end."""
        packet_bytes = channel.out_max_packet_size - _PACKET_OVERHEAD_BYTES
        piece_bytes = min(packet_bytes, self._bandwidth.piece_bytes_max or packet_bytes)
        # A packet for every few bytes of window costs both sides more than the bytes.
        enough_bytes = min(piece_bytes, max(1, self._window_bytes // 2))
        for start in range(span.start, span.end, _READ_BYTES):
            block = memoryview(self._read(start, min(_READ_BYTES, span.end - start)))
            while block:
                room = wait_for_window(channel, min(len(block), enough_bytes))
                piece = bytes(block[: min(room, piece_bytes)])
                if not piece or not self._bandwidth.take(len(piece), self._stopped):
                    return False
                sent = _send_piece(channel, piece)
                if not sent:
                    return False
                self._sent += sent
                block = block[sent:]
        return True


def _send_piece(channel: Any, piece: bytes) -> int:
    try:
        sent: int = channel.send(piece)
    except OSError:  # "Socket is closed": by the router, by us, or with the link
        return 0
    return sent
