"""A client of the event feed that is cut by everything that is killed."""

import threading
import time
from contextlib import suppress
from typing import Self

import websocket

from tests.chaos.house import House

_PAUSE_SECONDS = 0.2
_LIMIT_SECONDS = 30.0


class Follower:
    """`told` are the positions of the events that it got, in their order."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self.position = 0
        self.told: list[int] = []

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

    def wrong(self, end: int) -> list[str]:
        """Say what is not as in the log, which has `end` events."""
        if self.told == list(range(1, end + 1)):
            return []
        missing = sorted(set(range(1, end + 1)) - set(self.told))
        told = f"the feed told {len(self.told)} of {end} events"
        return [f"{told} and is at {self.position}: {missing[:10]} are missing"]

    def _follow(self) -> None:
        while not self._done.is_set():
            with suppress(websocket.WebSocketException, OSError, ValueError):
                self._read()
            self._done.wait(_PAUSE_SECONDS)

    def _read(self) -> None:
        service = self._house.service
        if service is None:
            return
        query = f"after={self.position}"
        feed = service.follow(query, self._house.token, timeout=3)
        try:
            while not self._done.is_set():
                message = feed.receive()
                self.position = message["position"]
                if "specversion" in message:
                    self.told.append(self.position)
        finally:
            feed.cut()
