"""Filling a channel from an image, by whoever knows first that there is room.

A router grants its window again and again, in dropbear's case each 24 KiB. To wake the
lane's thread for each of them costs more than to encrypt and send the bytes. So the
lane sends until the window is full and then lets the thread that reads from the wire
go on, which hears of room first. One of the two sends, never both.
"""

from collections.abc import Callable
from threading import Event
from typing import Any

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.channels import send_piece, wait_for_window
from application.ports import Span

_READ_BYTES = 256 << 10
_PACKET_OVERHEAD_BYTES = 64  # what paramiko keeps free in the peer's largest packet


class Filling:
    """One span on its way through one channel, in order.

    `sent_bytes` have left; `window_bytes` is what the router took at first.
    """

    def __init__(
        self,
        channel: Any,
        span: Span,
        *,
        read: Callable[[int, int], bytes],
        bandwidth: Bandwidth,
        stopped: Event,
    ) -> None:
        self._channel = channel
        self._span = span
        self._read = read
        self._bandwidth = bandwidth
        self._stopped = stopped
        self._block = memoryview(b"")
        self._piece_bytes = self._enough_bytes = self._block_bytes = 0
        self._failure: BaseException | None = None
        self.sent_bytes = 0
        self.window_bytes = 0

    def run(self) -> bool:
        """Send the span; False when the channel was closed before its end."""
        channel, bandwidth = self._channel, self._bandwidth
        # OpenSSH grants its window only when the command runs.
        self.window_bytes = wait_for_window(channel, 1)
        if not self.window_bytes:
            return False
        packet_bytes = channel.out_max_packet_size - _PACKET_OVERHEAD_BYTES
        self._piece_bytes = min(
            packet_bytes, self.window_bytes, bandwidth.piece_bytes_max or packet_bytes
        )
        # A packet for every few bytes of window costs both sides more than the bytes;
        # blocks are whole pieces, so that none of them ends with a small packet.
        self._enough_bytes = (self._piece_bytes + 1) // 2
        self._block_bytes = max(1, _READ_BYTES // self._piece_bytes) * self._piece_bytes
        while self._send_what_fits() and self._is_let_go_on():
            pass
        return self._is_whole

    @property
    def _is_whole(self) -> bool:
        return self._span.start + self.sent_bytes == self._span.end

    def _send_what_fits(self) -> bool:
        """Send until the window is full; False when nothing more is to be sent."""
        while not self._is_whole:
            if not self._block:
                start = self._span.start + self.sent_bytes
                size = min(self._block_bytes, self._span.end - start)
                self._block = memoryview(self._read(start, size))
            room: int = self._channel.out_window_size
            if room < self._wanted_bytes:
                return not self._channel.closed
            piece = self._block[: min(room, self._piece_bytes)]
            if not self._bandwidth.take(len(piece), self._stopped):
                return False
            if not send_piece(self._channel, piece):
                return False
            self.sent_bytes += len(piece)
            self._block = self._block[len(piece) :]
        return False

    @property
    def _wanted_bytes(self) -> int:
        return min(len(self._block), self._enough_bytes)

    def _is_let_go_on(self) -> bool:
        """Wait until there is room, or until it was used; False on a closed channel."""
        channel = self._channel
        if self._bandwidth.piece_bytes_max is not None:
            # Who waits for bandwidth must not keep anybody from reading.
            return wait_for_window(channel, self._wanted_bytes) > 0
        with channel.lock:
            if channel.out_window_size >= self._wanted_bytes:
                return True
            channel.filling = self
            while channel.filling is self and not (channel.closed or channel.eof_sent):
                channel.out_buffer_cv.wait()
            channel.filling = None
            is_open = not (channel.closed or channel.eof_sent)
        if self._failure is not None:
            raise self._failure
        return is_open

    def go_on(self) -> None:
        """Send what fits by now; for the thread that reads from the wire, alone."""
        goes_on = False
        try:
            # While keys are exchanged that thread must not wait for their end.
            if self._channel.transport.clear_to_send.is_set():
                goes_on = self._send_what_fits()
        except BaseException as error:  # noqa: BLE001  # the lane's thread raises it
            self._failure = error
        if not goes_on:
            with self._channel.lock:
                self._channel.filling = None
                self._channel.out_buffer_cv.notify_all()
