"""One follower of the log for a whole process, for as long as somebody listens.

It reads as far as the read models have come, so that whoever is told of something
also finds it there.
"""

import logging
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Event, RLock, Thread
from time import monotonic
from typing import Protocol

from application.errors import StorageError
from application.feed.occurrence import Occurrence
from application.feed.pages import Page, read_page
from application.flashlog import Flashlog

_LOG = logging.getLogger(__name__)

# How often the read models are asked whether they have grown, in seconds.
_PAUSE_SECONDS = 0.004
# After trouble with the store, in seconds.
_RECOVERY_SECONDS = 1.0
_PAGE_EVENTS = 500
# So many events are remembered for those who come back after a short while.
_RECENT = 2000


class Teller(Protocol):
    """Passes on what happens; called by one thread, under the follower's lock."""

    def tell(self, occurrences: Sequence[Occurrence]) -> None:
        """Pass on what happened."""

    def pulse(self) -> None:
        """Pass on, every few seconds, how far the log is."""


class Follower:
    """Tells every event once and in the order of the log.

    Under `lock` everything up to `position` has been told and nothing beyond it.
    """

    def __init__(self, flashlog: Flashlog) -> None:
        self.lock = RLock()
        self.position = 0
        self._flashlog = flashlog
        self._teller: Teller | None = None
        self._pulse_seconds = flashlog.settings.feed_position_seconds
        self._stop = Event()
        self._thread: Thread | None = None
        self._moved = Condition(self.lock)
        self._listeners = 0
        self._recent: deque[Occurrence] = deque(maxlen=_RECENT)

    def tell_by(self, teller: Teller) -> None:
        """Say who passes on what happens."""
        self._teller = teller

    def stop(self) -> None:
        """End for good; whoever waits is woken."""
        with self.lock:
            self._stop.set()
            self._moved.notify_all()

    def join(self) -> int:
        """Begin to listen; returns the position after which everything is told."""
        with self.lock:
            if self._thread is None:
                self._thread = Thread(target=self._run, daemon=True)
                self._thread.start()
            if not self._listeners:
                self.position = max(self.position, self._flashlog.views.position())
                self._recent.clear()
            self._listeners += 1
            self._moved.notify_all()
            return self.position

    def leave(self) -> None:
        """Undo one `join`."""
        with self.lock:
            self._listeners -= 1

    @contextmanager
    def listening(self) -> Iterator[int]:
        position = self.join()
        try:
            yield position
        finally:
            self.leave()

    def recent(self, after: int) -> list[Occurrence] | None:
        """Return what was told after a position; None where that is too long ago.

        Only under `lock` does it stay true.
        """
        with self.lock:
            count = self.position - after
            if count > len(self._recent):
                return None
            return list(self._recent)[len(self._recent) - max(count, 0) :]

    def wait_beyond(self, position: int, *, limit_seconds: float) -> bool:
        """Wait until more than a position was told; False when the limit passed."""
        with self._moved:
            self._moved.wait_for(
                lambda: self.position > position or self._stop.is_set(),
                timeout=limit_seconds,
            )
            return self.position > position

    def _run(self) -> None:
        """Tell until stopped; idle while nobody listens."""
        growth = self._flashlog.views.growth()
        is_behind = False
        pulse_at = monotonic()
        try:
            while not self._stop.is_set():
                if not self._is_wanted():
                    continue
                try:
                    is_behind = growth.has_happened() or is_behind
                    if is_behind:
                        is_behind = not self._could_read_on()
                    if monotonic() >= pulse_at:
                        pulse_at = monotonic() + self._pulse_seconds
                        with self.lock:
                            if self._teller is not None:
                                self._teller.pulse()
                    self._stop.wait(_PAUSE_SECONDS)
                except StorageError as error:
                    _LOG.warning("action=feed_waits %s", error)
                    self._stop.wait(_RECOVERY_SECONDS)
                except Exception:  # noqa: BLE001 - the feed outlives every trouble with the store
                    _LOG.exception("action=feed_failed the feed goes on in a moment")
                    self._stop.wait(_RECOVERY_SECONDS)
        finally:
            growth.close()

    def _is_wanted(self) -> bool:
        with self._moved:
            return self._listeners > 0 or (
                self._moved.wait(_RECOVERY_SECONDS) and self._listeners > 0
            )

    def _could_read_on(self) -> bool:
        """Tell up to where the read models are; False when they are being made anew."""
        goal = self._flashlog.views.position()
        while self.position < goal:
            page = read_page(
                self._flashlog, after=self.position, until=goal, limit=_PAGE_EVENTS
            )
            if page is None:
                return False
            self._take(page)
        return True

    def _take(self, page: Page) -> None:
        with self.lock:
            if page.after != self.position:  # all left, and others came
                return
            self.position = page.position
            self._recent.extend(page.occurrences)
            self._moved.notify_all()
            if self._teller is not None:
                self._teller.tell(page.occurrences)
