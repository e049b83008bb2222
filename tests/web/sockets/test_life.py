"""Clients that are slow, silent, gone or talk too much: who is there is kept."""

import json
import os
import signal
import socket
import struct
import time
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest
import websocket

from application.flashlog import Flashlog
from domain.operation import events
from domain.user import User
from tests.web import examples
from tests.web.conftest import id_of, token_for
from tests.web.serving import Service, Socket, eventually
from tests.web.sockets.conftest import CLIENTS_MAX
from tests.web.sockets.test_event_pace import SMALL, append_wide

pytestmark = pytest.mark.process

PING_SECONDS = 1.0
RECHECK_SECONDS = 0.2
_CONTINUATION, _TEXT, _CLOSE = 0, 1, 8


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    return {
        "websocket_ping_seconds": PING_SECONDS,
        "websocket_recheck_seconds": RECHECK_SECONDS,
        "websocket_stall_seconds": 2,
    }


def frame(payload: bytes, *, opcode: int = _TEXT, is_last: bool = True) -> bytes:
    """Encode a frame as clients do, with a mask that changes nothing."""
    first = (0x80 if is_last else 0) | opcode
    if len(payload) < 126:
        head = struct.pack("!BB", first, 0x80 | len(payload))
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
    return head + bytes(4) + payload


def wire(listener: Socket) -> socket.socket:
    sock = listener._connection.sock
    assert isinstance(sock, socket.socket)
    return sock


def close_words(listener: Socket) -> tuple[int, str]:
    """Read on to the Close without answering anything."""
    while (got := listener._connection.recv_frame()).opcode != _CLOSE:
        pass
    return int.from_bytes(got.data[:2], "big"), got.data[2:].decode()


def close_code(listener: Socket) -> int:
    return close_words(listener)[0]


def has_a_seat(service: Service, operation_id: UUID, key: str) -> bool:
    with (
        suppress(websocket.WebSocketBadStatusException),
        service.listen(operation_id, key) as listener,
    ):
        listener.send(json.dumps({"type": "request_current_state"}))
        return listener.receive_or_close() is not None
    return False


def test_a_client_that_is_slow_for_long_is_not_taken_for_dead(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    after = here.log.end()
    with service.follow(f"after={after}", key, sockopt=SMALL) as slow:
        last = append_wide(here, operation_id, 20)
        begun = time.monotonic()
        heard: list[int] = []
        while not heard or heard[-1] < last:
            heard.append(slow.receive()["position"])
            time.sleep(PING_SECONDS / 4)  # many pings wait behind what it reads
    assert time.monotonic() - begun > 4 * PING_SECONDS


def test_a_client_that_is_silent_is_closed_and_its_seat_is_free(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    silent = [service.listen(operation_id, key) for _ in range(CLIENTS_MAX)]
    # What reads here answers no ping.
    assert {close_code(each) for each in silent} == {1008}
    eventually(lambda: has_a_seat(service, operation_id, key))
    for each in silent:
        each.cut()


def test_a_client_that_says_more_than_is_listened_to_is_closed(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    after = here.log.end()
    append_wide(here, operation_id, 10)
    with service.follow(f"after={after}", key, sockopt=SMALL) as feed:
        # Nobody listens to it while it is sent what it does not take.
        wire(feed).sendall(frame(b"{}") * 1_000)
        code, reason = close_words(feed)
    assert code == 1008
    assert reason.startswith("too much was said at once")


_PIECE = b"x" * 100
_PIECES = [
    frame(_PIECE, is_last=False),
    *[frame(_PIECE, opcode=_CONTINUATION, is_last=False)] * 50,
]


@pytest.mark.parametrize(
    "message", [frame(b"x" * 1_000_000), b"".join(_PIECES)], ids=["whole", "in pieces"]
)
def test_a_message_that_is_too_long_is_not_taken_in(
    service: Service, here: Flashlog, key: str, message: bytes
) -> None:
    with service.listen(examples.operation(here), key) as listener:
        wire(listener).sendall(message[:5_500])
        assert close_code(listener) == 1009
    assert service.get("/health/live")[0] == 200


def test_nobody_is_sent_away_while_the_read_models_are_made_anew(
    service: Service, here: Flashlog, key: str
) -> None:
    operation_id = examples.operation(here)
    projector = service.children()["projector"]
    with (
        service.follow("after=end", key) as feed,
        service.listen(operation_id, key) as listener,
    ):
        assert feed.receive()["type"] == "caught_up"
        listener.ask()
        os.kill(projector, signal.SIGSTOP)
        try:
            here.projector.drop()
            for _ in range(4):
                for each in (feed, listener):  # which answers pings
                    each.is_silent(RECHECK_SECONDS / 2)
        finally:
            os.kill(projector, signal.SIGCONT)
        last = examples.note(here, operation_id, *examples.connected())
        assert listener.receive()["operation"]["progress"] == 10
        while feed.receive()["position"] < last:
            pass


def test_whoever_takes_little_is_looked_at_as_often_as_others(
    service: Service, here: Flashlog
) -> None:
    name = f"leaver-{uuid4()}"
    token = token_for(here, name, is_superuser=True)
    operation_id = examples.operation(here)

    def happen(count: int) -> None:
        facts = [
            events.RetryScheduled(cause="x" * 10_000, not_before=examples.NOON)
            for _ in range(count)
        ]
        examples.note(here, operation_id, *facts)

    with service.follow("after=end", token, sockopt=SMALL) as slow:
        assert slow.receive()["type"] == "caught_up"
        happen(30)  # more than the kernel keeps, and no more than may wait
        user = here.log.get(User, id_of(here, name))
        user.deactivate()
        here.show(here.log.append(user))
        heard = 0
        # It takes as much as there is news, so something is always on its way.
        while heard < 150 and slow.receive_or_close() is not None:
            heard += 1
            happen(1)
            time.sleep(RECHECK_SECONDS / 10)
    assert slow.closed[0] == 1008
