"""A limit of bytes per second that several threads share."""

import threading
import time

_BURST_SECONDS = 0.1


class Bandwidth:
    """Hands out bytes at a steady rate; None is no limit."""

    def __init__(self, bytes_per_second_max: int | None) -> None:
        self._rate = bytes_per_second_max
        self._lock = threading.Lock()
        self._free_at = time.monotonic()

    @property
    def piece_bytes_max(self) -> int | None:
        """The most to ask for at once, so that a low rate still flows evenly."""
        if self._rate is None:
            return None
        return max(1, int(self._rate * _BURST_SECONDS))

    def take(self, count: int, stopped: threading.Event) -> bool:
        """Wait for `count` bytes' turn; False when stopped in the meantime."""
        if self._rate is None:
            return not stopped.is_set()
        with self._lock:
            now = time.monotonic()
            # Time that nobody used is not saved up: no bursts after a pause.
            turn = max(self._free_at, now)
            self._free_at = turn + count / self._rate
        return not stopped.wait(turn - now)
