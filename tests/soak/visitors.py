"""Clients of the interface who come, look, listen for a while and leave again."""

import http.client
import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Self

import websocket

from tests.chaos.house import House
from tests.web.conftest import API
from tests.web.serving import Service

USER, PASSWORD = "visitor", "a long way to the roof"
_COUNT = 8
_LIMIT_SECONDS = 30


class Visitors:
    """`visits` counts what they did, `errors` what was answered with a 5xx or cut."""

    def __init__(self, house: House, service: Service) -> None:
        self._house, self._service = house, service
        self._done = threading.Event()
        self._threads = [
            threading.Thread(target=self._come_and_go, args=(Random(number),))
            for number in range(_COUNT)
        ]
        self.visits: Counter[str] = Counter()
        self.errors: Counter[str] = Counter()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(_LIMIT_SECONDS)

    def _come_and_go(self, chance: Random) -> None:
        ways: dict[str, Callable[[Random], None]] = {
            "feed": self._follow,
            "operation channel": self._listen,
            "pages": self._look,
            "console": self._look_at_console,
            "token": self._get_token,
        }
        while not self._done.wait(chance.uniform(0.1, 1.0)):
            (name,) = chance.choices(list(ways), [12, 9, 18, 1, 1])
            try:
                ways[name](chance)
            except urllib.error.HTTPError as error:
                self.errors[f"{name}: {error.code}"] += 1
            except (
                OSError,
                ValueError,
                websocket.WebSocketException,
                http.client.HTTPException,
            ) as error:
                self.errors[f"{name}: {type(error).__name__}"] += 1
            self.visits[name] += 1

    def _follow(self, chance: Random) -> None:
        """Read on from somewhere; every second one is gone without a word."""
        end = self._house.flashlog.log.end()
        feed = self._service.follow(f"after={chance.randrange(end)}", self._house.token)
        for _ in range(chance.randrange(1, 200)):
            if self._done.is_set():
                break
            feed.receive()
        if chance.random() < 0.5:
            feed.cut()
        else:
            feed.close()

    def _listen(self, chance: Random) -> None:
        rows = self._house.flashlog.views.rows("SELECT id FROM operation")
        if rows:
            operation_id = chance.choice(rows)["id"]
            with self._service.listen(operation_id, self._house.token) as socket:
                socket.ask()

    def _look(self, chance: Random) -> None:
        path = chance.choice(
            [
                f"{API}/upgrade-operation/?page_size=50",
                f"{API}/batch-upgrade-operation/",
                f"{API}/build/",
                "/api/v1/controller/device/?page_size=20",
                "/health/ready",
                "/api/v1/schema/",
            ]
        )
        headers = {"Authorization": f"Bearer {self._house.token}"}
        request = urllib.request.Request(self._service.url + path, headers=headers)
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def _look_at_console(self, _: Random) -> None:
        cookies = self._service.log_in(USER, PASSWORD)
        request = urllib.request.Request(
            f"{self._service.url}/", headers={"Cookie": cookies}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()

    def _get_token(self, _: Random) -> None:
        body = json.dumps({"username": USER, "password": PASSWORD}).encode()
        request = urllib.request.Request(
            f"{self._service.url}/api/v1/users/token/",
            data=body,
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            answer.read()
