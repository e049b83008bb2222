"""One lane of an upload: a channel at a time, filled from the image.

The receive window belongs to the router (24 KiB up to OpenWrt 22.03), so one stream
moves a window per round trip, whatever the link. Several channels of one connection
have a window each.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.channels import ChannelRefusedError
from application.adapters.ssh.exchange import Exchange
from application.adapters.ssh.filling import Filling
from application.adapters.ssh.wire import BROKEN
from application.ports import Completed, Span

_STDOUT_BYTES_MAX = 64 << 10


class Means(msgspec.Struct, frozen=True):
    """What the lanes of an upload share."""

    open_channel: Callable[[], Any]
    read: Callable[[int, int], bytes]
    bandwidth: Bandwidth
    stopped: threading.Event
    changed: threading.Event


class Lane(threading.Thread):
    """Sends one span over one channel, and knows how far the router took it.

    Ends with one of `completed`, `refusal` (the server opens no channel) and `failure`.
    `steps` counts what the lane has done so far apart from bytes.
    """

    def __init__(
        self, span: Span, command: str, means: Means, together: threading.Barrier
    ) -> None:
        super().__init__(name="upload", daemon=True)
        self._span = span
        self._command = command
        self._means = means
        self._together = together
        self._filling: Filling | None = None
        self._channel: Any = None
        self._exchange: Exchange | None = None
        self.steps = 0
        self.completed: Completed | None = None
        self.refusal: Exception | None = None
        self.failure: BaseException | None = None

    @property
    def ended(self) -> bool:
        """Whether there is nothing more to wait for."""
        return not (self.completed is None and self.refusal is None) or (
            self.failure is not None
        )

    @property
    def bytes_sent(self) -> int:
        """Bytes on their way; a large window takes them long before it says so."""
        return self._filling.sent_bytes if self._filling else 0

    @property
    def bytes_taken(self) -> int:
        """Bytes that the router has taken out of its window."""
        if self._filling is None:
            return 0
        completed, sent_bytes = self.completed, self.bytes_sent
        if completed is not None and completed.exit_status == 0:
            return sent_bytes
        room: int = self._channel.out_window_size
        return max(0, sent_bytes - max(0, self._filling.window_bytes - room))

    def run(self) -> None:
        """Open, start, send; see the module of `Upload` for why together."""
        try:
            exchange = self._begin()
            if exchange is not None:
                self._filling = Filling(
                    exchange.channel,
                    self._span,
                    read=self._means.read,
                    bandwidth=self._means.bandwidth,
                    stopped=self._means.stopped,
                )
                if self._filling.run():
                    exchange.end_input()
                self.completed = exchange.finish(None)
        except BaseException as error:  # noqa: BLE001  # the caller's thread raises it
            self.failure = error
            self._together.abort()
        finally:
            self._means.changed.set()

    def close(self) -> None:
        """End the channel, so that the command on the router sees it."""
        self._together.abort()
        if self._channel is not None:
            with suppress(*BROKEN):
                self._channel.close()

    def wait_for_router(self, limit_seconds: float) -> bool:
        """Wait until the router has closed the channel too: its command has ended."""
        if self._exchange is None:
            return True
        closed: bool = self._exchange.channel.closed_by_router.wait(limit_seconds)
        return closed

    def _begin(self) -> Exchange | None:
        """Start the command when all lanes have channels; wait until all have begun."""
        try:
            self._channel = self._means.open_channel()
        except ChannelRefusedError as refusal:
            self.refusal = refusal
        self._step()
        if self._channel is not None:
            if self._means.stopped.is_set():  # whoever stops may have looked before
                self.close()
            self._exchange = Exchange(self._channel, self._command, _STDOUT_BYTES_MAX)
            if not self._exchange.wait_for_start():
                # The first command ended (with a refusal, say) while this one was on
                # its way: see the module of `Upload`.
                self.refusal = ChannelRefusedError("closed before the command began")
        self._step()
        return None if self.refusal is not None else self._exchange

    def _step(self) -> None:
        self._together.wait()
        self.steps += 1
