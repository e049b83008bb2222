"""An upload over several channels: sharing out the spans, watching, stopping."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import paramiko

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.lanes import Lane
from application.adapters.ssh.wire import ChannelRefusedError
from application.errors import LinkLostError
from application.ports import Completed, ImageSource, Span

_LOOK_SECONDS = 0.25
# A person's cancel takes effect within a second: this much for an orderly end of the
# channels, then the connection is cut.
_ORDERLY_END_SECONDS = 0.6
_HANG_UP_SECONDS = 5.0


class Upload:
    """Sends spans of an image over `channels` channels of one connection."""

    def __init__(  # the port's own list
        self,
        source: ImageSource,
        spans: Sequence[Span],
        *,
        command_for: Callable[[int], str],
        bytes_per_second_max: int | None,
        open_channel: Callable[[], Any],
        hang_up: Callable[[], None],
    ) -> None:
        self._spans = spans
        self._command_for = command_for
        self._open_channel = open_channel
        self._hang_up = hang_up
        self._source = source
        self._bandwidth = Bandwidth(bytes_per_second_max)
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._waiting = list(reversed(range(len(spans))))
        self._completed: dict[int, Completed] = {}
        self._failures: list[BaseException] = []
        self._refusal: Exception | None = None
        self._lanes_running = 0
        self._stopped = threading.Event()
        self._changed = threading.Event()
        self._lanes: list[Lane] = []
        self._threads: list[threading.Thread] = []

    def run(
        self,
        channels: int,
        stall_seconds: float,
        on_progress: Callable[[int], None],
    ) -> list[Completed]:
        """Send everything; see `ports.Session.upload`."""
        for _ in range(min(channels, len(self._spans))):
            lane = Lane(self._read, self._bandwidth, self._stopped)
            thread = threading.Thread(
                target=self._run_lane, args=(lane,), name="upload", daemon=True
            )
            self._lanes.append(lane)
            self._threads.append(thread)
        try:
            self._lanes_running = len(self._threads)
            for thread in self._threads:
                thread.start()
            self._watch(stall_seconds, on_progress)
        finally:
            self._stop()
        return [self._completed[index] for index in range(len(self._spans))]

    def _watch(self, stall_seconds: float, on_progress: Callable[[int], None]) -> None:
        taken, moved_to = 0, -1
        moved_at = told_at = time.monotonic()
        while True:
            self._changed.wait(_LOOK_SECONDS)
            self._changed.clear()
            ended = self._lanes_running == 0
            now = time.monotonic()
            taken = max(taken, sum(lane.bytes_taken for lane in self._lanes))
            if ended or self._failures or now - told_at >= _LOOK_SECONDS:
                told_at = now
                on_progress(taken)
            if self._failures:
                raise self._failures[0]
            if ended:
                break
            moved = taken + len(self._completed)
            if moved != moved_to:
                moved_to, moved_at = moved, now
            elif now - moved_at >= stall_seconds:
                raise LinkLostError(f"the upload stood still for {stall_seconds:g} s")
        if self._waiting:
            raise LinkLostError(f"the router opens no more channels: {self._refusal}")

    def _run_lane(self, lane: Lane) -> None:
        try:
            while (index := self._next()) is not None:
                try:
                    channel = self._open_channel()
                except ChannelRefusedError as refusal:
                    # Fewer lanes do where a server limits its channels (OpenSSH: 10).
                    self._give_back(index, refusal)
                    return
                span = self._spans[index]
                completed = lane.send(span, channel, self._command_for(span.start))
                with self._lock:
                    self._completed[index] = completed
        except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
            self._failures.append(error)
        finally:
            with self._lock:
                self._lanes_running -= 1
            self._changed.set()

    def _read(self, start: int, length: int) -> bytes:
        with self._reading:  # an image source need not expect several threads
            return self._source.read(start, length)

    def _next(self) -> int | None:
        with self._lock:
            if self._stopped.is_set() or not self._waiting:
                return None
            return self._waiting.pop()

    def _give_back(self, index: int, refusal: Exception) -> None:
        with self._lock:
            self._waiting.append(index)
            self._refusal = refusal

    def _stop(self) -> None:
        """End every channel, so that the writers on the router see it."""
        self._stopped.set()
        if not any(thread.is_alive() for thread in self._threads):
            return
        # Closing sends a packet, which waits when the link is stuck.
        closer = threading.Thread(target=self._close_channels, daemon=True)
        closer.start()
        threads = [closer, *self._threads]
        _join_all(threads, _ORDERLY_END_SECONDS)
        if any(thread.is_alive() for thread in threads):
            self._hang_up()
            _join_all(threads, _HANG_UP_SECONDS)

    def _close_channels(self) -> None:
        for lane in self._lanes:
            channel = lane.channel
            if channel is not None:
                with suppress(OSError, EOFError, paramiko.SSHException):
                    channel.close()


def _join_all(threads: Sequence[threading.Thread], limit_seconds: float) -> None:
    end = time.monotonic() + limit_seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
