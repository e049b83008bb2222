"""Clients that are slow, silent, gone or talk too much: who is there is kept."""

import socket
import struct
import time
from typing import Any

import pytest

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.serving import Service, Socket
from tests.web.sockets.conftest import CLIENTS_MAX
from tests.web.sockets.test_event_pace import SMALL, append_wide

pytestmark = pytest.mark.process

PING_SECONDS = 0.5
RECHECK_SECONDS = 0.2
_CONTINUATION, _TEXT, _CLOSE = 0, 1, 8


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    return {
        "websocket_ping_seconds": PING_SECONDS,
        "websocket_recheck_seconds": RECHECK_SECONDS,
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


def close_code(listener: Socket) -> int:
    """Read on to the Close without answering anything."""
    while (got := listener._connection.recv_frame()).opcode != _CLOSE:
        pass
    return int.from_bytes(got.data[:2], "big")


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
    time.sleep(3 * PING_SECONDS)  # nobody reads, so nobody answers a ping
    service.listen(operation_id, key).close()
    assert close_code(silent[0]) == 1008
    for each in silent:
        each.cut()


@pytest.mark.parametrize("words", [b"{}", b'{"type": "request_current_state"}'])
def test_a_client_that_says_more_than_is_listened_to_is_closed(
    service: Service, key: str, words: bytes
) -> None:
    with (
        service.follow("after=end", key) as feed,
        pytest.raises(OSError, match=r"reset|pipe"),
    ):
        wire(feed).sendall(frame(words) * 1_000_000)


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
