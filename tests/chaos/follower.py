"""A client of the event feed that is cut by everything that is killed."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Self

import websocket

from application.log import Entry
from tests.web.serving import Service

_PAUSE_SECONDS = 0.1
_LIMIT_SECONDS = 30.0
# A position is told more often than that.
_SILENCE_SECONDS_MAX = 6


class Follower:
    """`told` are the positions of the events that it got, in their order, `said` what.

    It asks anew where to connect, each time: a service that was killed answers
    elsewhere when it is there again; None while it is not.
    """

    def __init__(self, service: Callable[[], Service | None], key: str) -> None:
        self._service, self._key = service, key
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.position = 0
        self.connections = 0
        self.told: list[int] = []
        self.said: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(_LIMIT_SECONDS)

    def wait_for(self, position: int) -> None:
        deadline = time.monotonic() + _LIMIT_SECONDS
        while self.position < position and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)

    def wrong_beside(self, entries: Sequence[Entry]) -> list[str]:
        """Say what is not as in the log, which is given whole."""
        if wrong := self.wrong_until(len(entries)):
            return wrong
        log = [(str(each.event.originator_id), each.event.TOPIC) for each in entries]
        said = self.said[: len(log)]
        return [
            f"the feed told {mine} at {position}, where the log has {its}"
            for position, (mine, its) in enumerate(zip(said, log, strict=True), 1)
            if mine != its
        ]

    def wrong_until(self, end: int) -> list[str]:
        """Say what is not as in the log up to a position."""
        told = [position for position in self.told if position <= end]
        if told == list(range(1, end + 1)):
            return []
        missing = sorted(set(range(1, end + 1)) - set(told))
        said = f"the feed told {len(told)} of {end} events and is at {self.position}"
        return [f"{said}: {missing[:10]} are missing"]

    def _follow(self) -> None:
        while not self._done.is_set():
            with suppress(websocket.WebSocketException, OSError, ValueError):
                self._read()
            self._done.wait(_PAUSE_SECONDS)

    def _read(self) -> None:
        service = self._service()
        if service is None:
            return
        feed = service.follow(
            f"after={self.position}", self._key, timeout=_SILENCE_SECONDS_MAX
        )
        self.connections += 1
        try:
            while not self._done.is_set():
                message = feed.receive()
                self.position = message["position"]
                if "specversion" in message:
                    self.told.append(self.position)
                    self.said.append((message["subject"], message["type"]))
        finally:
            feed.cut()
