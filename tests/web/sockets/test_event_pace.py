"""A slow client and one with a long way to catch up keep nobody else waiting."""

import socket
import threading
import time
from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.web import examples
from tests.web.serving import Service, Socket, eventually
from tests.web.sockets import fleet

pytestmark = pytest.mark.process

# Between once and twice this a client that takes nothing can still hear why.
STALL_SECONDS = 5
SMALL = [(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)]


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    return {"websocket_stall_seconds": STALL_SECONDS, "websocket_recheck_seconds": 30}


@pytest.fixture
def operation_id(here: Flashlog) -> UUID:
    return examples.operation(here)


def follow(service: Service, key: str, *, after: str = "end", **options: Any) -> Socket:
    feed = service.follow(f"after={after}", key, **options)
    if after == "end":
        while feed.receive()["type"] != "caught_up":
            pass
    return feed


def happen(here: Flashlog, feed: Socket, operation_id: UUID, visit: int) -> None:
    """Append an event and wait until the client has it in its hands."""
    happened = events.VisitBegun(visit=visit, runner="test")
    position = examples.note(here, operation_id, happened)
    while feed.receive()["position"] < position:
        pass


def bulk(here: Flashlog, count: int) -> int:
    """Append many events quickly; returns the last position."""
    operation_id = fleet.started(here, examples.device(here), examples.image(here))
    operation = here.log.get(UpgradeOperation, operation_id)
    for start in range(0, count, 2000):
        operation.record(
            *(
                events.VisitBegun(visit=visit, runner="bulk")
                for visit in range(start, min(count, start + 2000))
            )
        )
        here.log.append(operation)
    return here.log.end()


def append_wide(here: Flashlog, operation_id: UUID, count: int) -> int:
    """Append more at once than the kernel keeps for a client; returns the end."""
    causes = [
        events.RetryScheduled(cause=f"{number:200000}", not_before=examples.NOON)
        for number in range(count)
    ]
    return examples.note(here, operation_id, *causes)


def test_a_slow_client_delays_nobody_and_misses_nothing(
    service: Service, here: Flashlog, key: str, operation_id: UUID
) -> None:
    after = here.log.end()
    with (
        follow(service, key, after=str(after), sockopt=SMALL) as slow,
        follow(service, key) as quick,
    ):
        heard: list[dict[str, Any]] = []
        for _ in range(6):
            end = append_wide(here, operation_id, 5)
            # The slow one has not taken what was before: nobody waits for it.
            while quick.receive()["position"] < end:
                pass
            # It takes a little now and then.
            heard.append(slow.receive())
        while heard[-1]["position"] < end:
            heard.append(slow.receive())
    told = [message["position"] for message in heard if "specversion" in message]
    assert told == list(range(after + 1, end + 1))


def test_a_client_that_takes_nothing_is_closed_with_its_position(
    service: Service, here: Flashlog, key: str, operation_id: UUID
) -> None:
    after = here.log.end()
    with follow(service, key, after=str(after), sockopt=SMALL) as stuck:
        for _ in range(6):
            last = append_wide(here, operation_id, 10)
        time.sleep(1.4 * STALL_SECONDS)
        told = [after]
        while (message := stuck.receive_or_close()) is not None:
            if "specversion" in message:
                told.append(message["position"])
    code, reason = stuck.closed
    assert code == 4008
    position = int(reason.removeprefix("too slow; position="))
    assert position <= last
    # What it was told is whole up to there: it can come back and go on.
    assert told == list(range(after, position + 1))


def test_a_long_way_to_catch_up_delays_nobody(
    service: Service, here: Flashlog, key: str, operation_id: UUID
) -> None:
    end = bulk(here, 100_000)
    eventually(lambda: here.views.position() >= end, seconds=60)
    told: list[int] = []
    has_caught_up = threading.Event()

    def catch_up(behind: Socket) -> None:
        while (message := behind.receive())["type"] != "caught_up":
            if "specversion" in message:
                told.append(message["position"])
        has_caught_up.set()

    with (
        follow(service, key) as live,
        follow(service, key, after="0", timeout=60) as behind,
    ):
        reader = threading.Thread(target=catch_up, args=[behind])
        reader.start()
        # Whoever had to wait for the one behind would be told after all of its events.
        for visit in range(5):
            happen(here, live, operation_id, visit)
            assert not has_caught_up.is_set()
        reader.join(120)
    assert has_caught_up.is_set()
    assert len(told) > 100_000


def test_a_slow_client_hears_once_that_it_has_caught_up(
    service: Service, here: Flashlog, key: str, operation_id: UUID
) -> None:
    after = here.log.end()
    with follow(service, key) as quick:
        # The service remembers what others were told; all of it is for whoever comes.
        last = append_wide(here, operation_id, 30)
        while quick.receive()["position"] < last:
            pass
        with service.follow(f"after={after}", key, sockopt=SMALL) as slow:
            time.sleep(1.0)  # it takes nothing for a while
            told = [slow.receive() for _ in range(31)]
            examples.note(here, operation_id, events.VisitBegun(visit=1, runner="test"))
            while "specversion" not in (message := slow.receive()):
                told.append(message)
    kinds = [message["type"] for message in told if "specversion" not in message]
    assert kinds.count("caught_up") == 1
    seen = [message["position"] for message in told if "specversion" in message]
    assert seen == list(range(after + 1, last + 1))
