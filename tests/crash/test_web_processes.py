"""Web workers that are killed, and that are reloaded, while clients are connected."""

import http.client
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Self

import pytest

from application.flashlog import Flashlog
from application.settings import Settings
from tests.chaos.follower import Follower
from tests.web import examples
from tests.web.conftest import API, token_for
from tests.web.serving import Service, children_of, eventually, serving

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

_CLIENTS = 3
_PAUSE_SECONDS = 0.02
_KILLS = 2


class Load:
    """Clients that ask again and again; `answers` counts statuses, 0 for none."""

    def __init__(self, service: Service, key: str) -> None:
        self._url = f"{service.url}{API}/upgrade-operation/"
        self._key = key
        self._done = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(_CLIENTS)]
        self.answers: Counter[int] = Counter()

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        for thread in self._threads:
            thread.join(20)

    def go_on(self) -> None:
        """Wait until many more were answered."""
        seen = self.answers[200]
        eventually(lambda: self.answers[200] > seen + 10)

    def _ask(self) -> None:
        headers = {"Authorization": f"Bearer {self._key}"}
        while not self._done.wait(_PAUSE_SECONDS):
            request = urllib.request.Request(self._url, headers=headers)
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:
                    answer.read()
                    self.answers[answer.status] += 1
            except urllib.error.HTTPError as error:
                self.answers[error.code] += 1
            except (OSError, http.client.HTTPException):  # cut, or cut in the middle
                self.answers[0] += 1


@contextmanager
def a_busy_service(directory: Path) -> Iterator[tuple[Service, Flashlog, str]]:
    """A service whose log grows all the time."""
    settings = Settings(
        data_dir=directory,
        bind="127.0.0.1:0",
        request_rate_limit="off",
        log_level="CRITICAL",
    )
    with serving(settings) as service:
        here = Flashlog(settings)
        key = token_for(here, "admin", is_superuser=True)
        done = threading.Event()

        def write() -> None:
            while not done.wait(0.02):
                examples.organization(here, f"writer-{time.monotonic_ns()}")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield service, here, key
        finally:
            done.set()
            writer.join(10)
            here.close()


def worker_of(service: Service) -> int:
    """Return the one process that answers."""
    found: list[int] = []

    def there() -> bool:
        found[:] = children_of(service.children()["web"])
        return len(found) == 1

    eventually(there)
    return found[0]


def replaced(service: Service, before: int, act: Callable[[], None]) -> None:
    """Act, and wait until another worker answers."""
    act()
    eventually(lambda: worker_of(service) != before)
    eventually(lambda: service.get("/health/live")[0] == 200)


def have_come_again(followers: Sequence[Follower], before: Sequence[int]) -> bool:
    return all(
        follower.connections > count
        for follower, count in zip(followers, before, strict=True)
    )


def test_workers_killed_under_load_cost_connections_and_nothing_else(
    tmp_path: Path,
) -> None:
    with (
        a_busy_service(tmp_path) as (service, here, key),
        Follower(lambda: service, key) as first,
        Follower(lambda: service, key) as second,
    ):
        with Load(service, key) as load:
            for _ in range(_KILLS):
                worker = worker_of(service)
                connected = first.connections, second.connections
                replaced(service, worker, partial(os.kill, worker, signal.SIGKILL))
                load.go_on()
                eventually(partial(have_come_again, (first, second), connected))
        end = here.log.end()
        for follower in (first, second):
            follower.wait_for(end)
            assert follower.wrong_until(end) == []
        assert load.answers.keys() <= {0, 200}
        # What was on its way to a killed worker, and no more.
        assert load.answers[0] <= _KILLS * _CLIENTS


def test_a_reload_refuses_nobody_and_sends_every_listener_to_the_new_worker(
    tmp_path: Path,
) -> None:
    with a_busy_service(tmp_path) as (service, here, key):
        listener = service.follow("after=0", key)
        with Follower(lambda: service, key) as follower, Load(service, key) as load:
            load.go_on()
            web = service.children()["web"]
            replaced(service, worker_of(service), partial(os.kill, web, signal.SIGHUP))
            assert service.children()["web"] == web
            load.go_on()
            while listener.receive_or_close() is not None:
                pass
            assert listener.closed[0] == 1001
            end = here.log.end()
            follower.wait_for(end)
            assert follower.wrong_until(end) == []
            assert follower.connections > 1
        assert load.answers.keys() == {200}
