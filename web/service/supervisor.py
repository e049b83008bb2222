"""Starts the parts, says when they are ready, keeps them up, stops them in order."""

import logging
import signal
from collections.abc import Callable, Sequence
from time import monotonic

from application.stopping import Stop
from web.service.child import Child
from web.service.probing import probe

_LOG = logging.getLogger(__name__)

_LOOK_SECONDS = 0.05
_COMPLAINT_SECONDS = 30.0


class Supervisor:
    """`children` are stopped in the order given: whoever needs others comes first.

    They are ready when the path `ready` of the URL answers 200.
    """

    def __init__(
        self,
        children: Sequence[Child],
        *,
        url: str,
        ready: str,
        stop_seconds: float,
        announce: Callable[[str], None],
    ) -> None:
        self._children = children
        self._url, self._ready = url, ready
        self._stop_seconds = stop_seconds
        self._announce = announce
        self._stop = Stop()
        self._hurry = Stop()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT; a second one kills what is left."""
        previous = {
            number: signal.signal(number, self._on_signal)
            for number in (signal.SIGTERM, signal.SIGINT)
        }
        try:
            # Last stopped, first started: nobody waits for what is not there yet.
            for child in reversed(self._children):
                child.start()
            self._keep_up()
        finally:
            self._stop_all()
            for number, handler in previous.items():
                signal.signal(number, handler)

    def _keep_up(self) -> None:
        is_ready = False
        complain_at = monotonic() + _COMPLAINT_SECONDS
        while not self._stop.wait(_LOOK_SECONDS):
            for child in self._children:
                child.keep_up()
            if is_ready:
                continue
            health = probe(self._url, self._ready)
            if health.is_well:
                is_ready = True
                self._announce(f"ready {self._url}")
            elif monotonic() > complain_at:
                _LOG.warning(
                    "action=not_ready the service is not ready yet: %s", health.text
                )
                complain_at = monotonic() + _COMPLAINT_SECONDS

    def _stop_all(self) -> None:
        for child in self._children:
            child.stop(limit_seconds=self._stop_seconds, hurry=self._hurry)

    def _on_signal(self, *_: object) -> None:
        if self._stop.is_set():
            self._hurry.set()
        self._stop.set()
