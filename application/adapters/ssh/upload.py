"""An upload over several channels: sharing out the spans, watching, stopping.

The channels work in rounds: all are opened, then all commands are started, and only
when all of these run the first one gets data. Dropbear before 2024.86 (OpenWrt before
24.10) closes a channel that is open and has no command yet when another command of the
same connection ends, and dies when the command arrives all the same.
"""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.lanes import Lane, Means
from application.errors import LinkLostError
from application.ports import Completed, ImageSource, Span

_LOOK_SECONDS = 0.25
# A person's cancel takes effect within a second: this much for an orderly end of the
# channels, then the connection is cut.
_ORDERLY_END_SECONDS = 0.5
_CLOSER_SECONDS = 0.1
_HANG_UP_SECONDS = 5.0


class Upload:
    """Sends spans of an image over the channels of one connection."""

    def __init__(
        self,
        source: ImageSource,
        spans: Sequence[Span],
        *,
        command_for: Callable[[int], str],
        bytes_per_second_max: int | None,
        stall_seconds: float,
        on_progress: Callable[[int], None],
        open_channel: Callable[[], Any],
        hang_up: Callable[[], None],
    ) -> None:
        self._source = source
        self._spans = spans
        self._command_for = command_for
        self._stall_seconds = stall_seconds
        self._on_progress = on_progress
        self._hang_up = hang_up
        self._reading = threading.Lock()
        self._means = Means(
            open_channel=open_channel,
            read=self._read,
            bandwidth=Bandwidth(bytes_per_second_max),
            stopped=threading.Event(),
            changed=threading.Event(),
        )
        self._completed: dict[int, Completed] = {}
        self._bytes_taken = 0  # in the rounds that are over

    def run(self, channels: int) -> list[Completed]:
        """Send everything; see `ports.Session.upload`."""
        waiting = list(range(len(self._spans)))
        while waiting:
            channels = self._run_round(waiting[:channels])
            waiting = [index for index in waiting if index not in self._completed]
        return [self._completed[index] for index in range(len(self._spans))]

    def _run_round(self, indexes: list[int]) -> int:
        """Send some spans at once; returns how many channels the server opened."""
        together = threading.Barrier(len(indexes))
        lanes = []
        for index in indexes:
            span = self._spans[index]
            command = self._command_for(span.start)
            lanes.append(Lane(span, command, self._means, together))
        try:
            for lane in lanes:
                lane.start()
            self._watch(lanes)
        finally:
            self._stop(lanes)
        self._bytes_taken += sum(lane.bytes_taken for lane in lanes)
        for index, lane in zip(indexes, lanes, strict=True):
            if lane.completed is not None:
                self._completed[index] = lane.completed
        opened = [lane for lane in lanes if lane.refusal is None]
        if not opened:
            raise LinkLostError(f"the router opens no channel: {lanes[0].refusal}")
        return len(opened)

    def _watch(self, lanes: Sequence[Lane]) -> None:
        taken = moved_to = -1
        moved_at = told_at = time.monotonic()
        while True:
            self._means.changed.wait(_LOOK_SECONDS)
            self._means.changed.clear()
            ended = all(lane.ended for lane in lanes)
            failure = _cause([lane.failure for lane in lanes])
            now = time.monotonic()
            taken = max(taken, sum(lane.bytes_taken for lane in lanes))
            if ended or failure is not None or now - told_at >= _LOOK_SECONDS:
                told_at = now
                self._on_progress(self._bytes_taken + taken)
            if failure is not None:
                raise failure
            if ended:
                return
            moved = taken + sum(
                lane.bytes_sent + lane.steps + lane.ended for lane in lanes
            )
            if moved != moved_to:
                moved_to, moved_at = moved, now
            elif now - moved_at >= self._stall_seconds:
                limit = self._stall_seconds
                raise LinkLostError(f"the upload stood still for {limit:g} s")

    def _read(self, start: int, length: int) -> bytes:
        with self._reading:  # an image source need not expect several threads
            return self._source.read(start, length)

    def _stop(self, lanes: Sequence[Lane]) -> None:
        """See to it that every lane has ended, in order or by force."""
        if all(lane.ended and lane.failure is None for lane in lanes):
            return
        self._means.stopped.set()
        # Closing sends a packet, which waits when the link is stuck.
        closer = threading.Thread(target=_close_all, args=(lanes,), daemon=True)
        closer.start()
        threads = [closer, *lanes]
        _join_all(threads, _ORDERLY_END_SECONDS + _CLOSER_SECONDS)
        if any(thread.is_alive() for thread in threads) or not all(
            lane.wait_for_router(0) for lane in lanes
        ):
            self._hang_up()
            _join_all(threads, _HANG_UP_SECONDS)


def _cause(failures: Sequence[BaseException | None]) -> BaseException | None:
    """Pick the failure that the others only follow from."""
    real = [failure for failure in failures if failure is not None]
    real.sort(key=lambda failure: isinstance(failure, threading.BrokenBarrierError))
    return real[0] if real else None


def _close_all(lanes: Sequence[Lane]) -> None:
    """Close all channels, and see the commands end before anything else is started."""
    for lane in lanes:
        lane.close()
    end = time.monotonic() + _ORDERLY_END_SECONDS
    for lane in lanes:
        lane.wait_for_router(max(0.0, end - time.monotonic()))


def _join_all(threads: Sequence[threading.Thread], limit_seconds: float) -> None:
    end = time.monotonic() + limit_seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
