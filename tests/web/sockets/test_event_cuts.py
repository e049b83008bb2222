"""No gap and no repetition: whatever is cut, the client ends up with the log itself."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from random import Random
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest
import websocket

from application.flashlog import Flashlog
from application.settings import Settings, environment_of, load_settings
from domain.operation import events
from tests.web import examples
from tests.web.serving import ROOT, Service
from tests.web.sockets import fleet
from tests.web.sockets.conftest import ON_BOTH

pytestmark = [pytest.mark.process, ON_BOTH]

WRITERS = 4
SAVES = 250


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    return {"feed_position_seconds": 0.05, "websocket_clients_max": 40}


def write(number: int) -> None:
    """Append to stories of an own, in a process of its own."""
    flashlog = Flashlog(load_settings())
    try:
        organization = examples.organization(flashlog, f"writer-{number}-{uuid4()}")
        operation_id = fleet.operation_of(flashlog, organization)
        for save in range(SAVES):
            facts = [
                events.VisitBegun(visit=visit, runner=f"writer-{number}")
                for visit in range(1 + save % 3)
            ]
            examples.note(flashlog, operation_id, *facts)
    finally:
        flashlog.close()


@contextmanager
def writing(settings: Settings) -> Iterator[list[subprocess.Popen[bytes]]]:
    with ExitStack() as stack:
        processes = []
        for number in range(WRITERS):
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "tests.web.sockets.test_event_cuts",
                    str(number),
                ],
                cwd=ROOT,
                env={**environment_of(settings), "PYTHONPATH": str(ROOT)},
            )
            stack.callback(process.wait, 60)
            stack.callback(process.kill)
            processes.append(process)
        yield processes


class Reader(Thread):
    """Follows the log, and is cut at random until the writers have ended."""

    def __init__(
        self, service: Service, key: str, chance: Random, query: str = ""
    ) -> None:
        super().__init__()
        self._service, self._key, self._chance = service, key, chance
        self._query = query
        self.goal: int | None = None
        self.told: list[int] = []
        self.position = 0
        self.cuts = 0

    def run(self) -> None:
        while self.goal is None or self.position < self.goal:
            self._read_for_a_while()
            self.cuts += 1

    def _read_for_a_while(self) -> None:
        query = f"after={self.position}{self._query}"
        feed = self._service.follow(query, self._key)
        try:
            for _ in range(self._chance.randrange(1, 400)):
                message = feed.receive()
                self.position = message["position"]
                if "specversion" in message:
                    self.told.append(self.position)
                if self.goal is not None and self.position >= self.goal:
                    return
        except (websocket.WebSocketException, OSError, ValueError):
            pass
        finally:
            feed.cut()


def test_whoever_is_cut_at_random_has_exactly_the_log_in_the_end(
    service: Service, here: Flashlog, key: str, quiet: Settings
) -> None:
    readers = [Reader(service, key, Random(seed)) for seed in range(4)]
    only = "&type=UpgradeOperation:VisitBegun"
    readers.append(Reader(service, key, Random(5), only))
    try:
        with writing(quiet) as processes:
            for reader in readers:
                reader.start()
            endings = [process.wait(90) for process in processes]
    finally:
        goal = here.log.end()
        for reader in readers:
            reader.goal = goal
    assert endings == [0] * WRITERS
    for reader in readers:
        reader.join(60)
        assert not reader.is_alive()
    entries = here.log.read(after=0, limit=100_000)
    log = [entry.position for entry in entries]
    assert log == list(range(1, goal + 1))
    assert len(log) > WRITERS * SAVES
    for reader in readers[:-1]:
        assert reader.told == log
    visits = [each.position for each in entries if each.event.TOPIC in only]
    assert readers[-1].told == visits
    assert min(reader.cuts for reader in readers) > 2


if __name__ == "__main__":
    write(int(sys.argv[1]))
