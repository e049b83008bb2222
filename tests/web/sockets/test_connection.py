"""One connection: what is heard, answered, pinged and given up, without any thread."""

import socket
import threading
from collections.abc import Iterator
from time import monotonic

import pytest
from simple_websocket import Server
from wsproto import ConnectionType
from wsproto.connection import Connection as Protocol
from wsproto.events import CloseConnection, Event, Ping, Pong, TextMessage

from web.sockets.connection import Connection, NoThread

# Far more than anything here takes.
LONG_SECONDS = 60.0
PING_SECONDS = 0.05


class Peer:
    """A client, and the connection that the server has with it."""

    def __init__(self, *, ping_seconds: float = LONG_SECONDS) -> None:
        self.sock, theirs = socket.socketpair()
        self.sock.settimeout(LONG_SECONDS)
        self.theirs = theirs
        self.server = Server(
            {
                "gunicorn.socket": theirs,
                "HTTP_HOST": "flashlog",
                "HTTP_UPGRADE": "websocket",
                "HTTP_CONNECTION": "Upgrade",
                "HTTP_SEC_WEBSOCKET_VERSION": "13",
                "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
            },
            ping_interval=ping_seconds,
            max_message_size=100,
            thread_class=NoThread,
        )
        assert b"101" in self.sock.recv(4096)
        self.connection = Connection(self.server, send=theirs.sendall)
        self.protocol = Protocol(ConnectionType.CLIENT)

    def say(self, event: Event) -> None:
        self.sock.sendall(self.protocol.send(event))

    def hears(self) -> list[Event]:
        self.protocol.receive_data(self.sock.recv(4096) or None)
        return list(self.protocol.events())

    def close(self) -> None:
        self.connection.close()
        self.sock.close()
        self.theirs.close()


@pytest.fixture
def peer() -> Iterator[Peer]:
    peer = Peer()
    yield peer
    peer.close()


@pytest.fixture
def pinged() -> Iterator[Peer]:
    peer = Peer(ping_seconds=PING_SECONDS)
    yield peer
    peer.close()


def test_there_is_no_thread_beside_the_clients_own() -> None:
    before = threading.active_count()
    peer = Peer()
    assert threading.active_count() == before
    peer.close()


def test_what_a_client_says_is_heard_in_its_order(peer: Peer) -> None:
    peer.say(TextMessage("one"))
    peer.say(TextMessage("two"))
    peer.connection.hear(seconds=LONG_SECONDS)
    assert peer.connection.said_count() == 2
    assert [peer.connection.said() for _ in range(3)] == ["one", "two", None]


def test_nobody_waits_longer_than_said(peer: Peer) -> None:
    begun = monotonic()
    peer.connection.hear(seconds=0)
    peer.connection.hear(seconds=-1)
    assert monotonic() - begun < LONG_SECONDS / 2
    assert peer.connection.is_open


def test_a_ring_ends_the_wait(peer: Peer) -> None:
    begun = monotonic()
    threading.Timer(0.01, peer.connection.ring).start()
    peer.connection.hear(seconds=LONG_SECONDS)
    assert monotonic() - begun < LONG_SECONDS / 2


def test_a_ring_before_the_wait_is_not_lost(peer: Peer) -> None:
    begun = monotonic()
    peer.connection.ring()
    peer.connection.ring()
    peer.connection.hear(seconds=LONG_SECONDS)
    assert monotonic() - begun < LONG_SECONDS / 2


def test_room_ends_the_wait_of_whoever_wants_it(peer: Peer) -> None:
    begun = monotonic()
    peer.connection.hear(seconds=LONG_SECONDS, or_room=True)
    assert monotonic() - begun < LONG_SECONDS / 2


def test_a_ping_of_a_client_is_answered(peer: Peer) -> None:
    peer.say(Ping(b"there?"))
    peer.connection.hear(seconds=LONG_SECONDS)
    assert peer.hears() == [Pong(b"there?")]


def test_a_close_is_answered_and_ends_it(peer: Peer) -> None:
    peer.say(CloseConnection(1000, "enough"))
    peer.connection.hear(seconds=LONG_SECONDS)
    assert not peer.connection.is_open
    [answer] = peer.hears()
    assert isinstance(answer, CloseConnection)
    assert answer.code == 1000


def test_after_a_close_nothing_is_left_to_say(peer: Peer) -> None:
    peer.say(CloseConnection(1000))
    peer.connection.hear(seconds=LONG_SECONDS)
    assert peer.connection.farewell(1012, "restart") == b""


@pytest.mark.parametrize(
    "nonsense",
    [b"\xff" * 20, b"GET / HTTP/1.1\r\n\r\n", b"\x81\x05hello"],
    ids=["bits", "HTTP", "without a mask"],
)
def test_nonsense_ends_it_with_a_code(peer: Peer, nonsense: bytes) -> None:
    peer.sock.sendall(nonsense)
    peer.connection.hear(seconds=LONG_SECONDS)
    assert not peer.connection.is_open
    [close] = peer.hears()
    assert isinstance(close, CloseConnection)
    assert close.code == 1002


def test_a_message_that_is_too_long_ends_it_with_a_code(peer: Peer) -> None:
    peer.say(TextMessage("x" * 101))
    peer.connection.hear(seconds=LONG_SECONDS)
    assert not peer.connection.is_open
    [close] = peer.hears()
    assert isinstance(close, CloseConnection)
    assert close.code == 1009


def test_a_client_that_has_gone_ends_it(peer: Peer) -> None:
    peer.sock.close()
    peer.connection.hear(seconds=LONG_SECONDS)
    assert not peer.connection.is_open


def test_a_client_that_has_gone_does_not_keep_its_thread_busy(peer: Peer) -> None:
    peer.sock.shutdown(socket.SHUT_WR)
    peer.connection.hear(seconds=LONG_SECONDS)
    begun = monotonic()
    peer.connection.hear(seconds=0.05)
    assert monotonic() - begun >= 0.045
    peer.connection.await_farewell(seconds=LONG_SECONDS)
    assert monotonic() - begun < LONG_SECONDS / 2


def test_who_answers_is_pinged_again_and_again(pinged: Peer) -> None:
    for _ in range(3):
        pinged.connection.hear(seconds=LONG_SECONDS)
        assert pinged.hears() == [Ping(b"")]
        pinged.say(Pong())
        pinged.connection.hear(seconds=LONG_SECONDS)
    assert pinged.connection.is_open


def test_who_does_not_answer_is_given_up_with_a_code(pinged: Peer) -> None:
    pinged.connection.hear(seconds=LONG_SECONDS)
    assert pinged.hears() == [Ping(b"")]
    pinged.connection.hear(seconds=LONG_SECONDS)
    assert not pinged.connection.is_open
    [close] = pinged.hears()
    assert isinstance(close, CloseConnection)
    assert close.code == 1008


def test_nobody_waits_for_the_farewell_of_who_was_given_up(pinged: Peer) -> None:
    while pinged.connection.is_open:
        pinged.connection.hear(seconds=LONG_SECONDS)
    begun = monotonic()
    pinged.connection.await_farewell(seconds=LONG_SECONDS)
    assert monotonic() - begun < LONG_SECONDS / 2


def test_an_answer_that_has_come_counts_however_late_it_is_heard(pinged: Peer) -> None:
    pinged.connection.hear(seconds=LONG_SECONDS)
    pinged.say(Pong())
    threading.Event().wait(2 * PING_SECONDS)  # its thread was busy elsewhere
    pinged.connection.hear(seconds=LONG_SECONDS)
    pinged.connection.hear(seconds=LONG_SECONDS)
    assert pinged.connection.is_open


def test_whoever_takes_what_it_is_told_needs_no_answer(pinged: Peer) -> None:
    for _ in range(3):
        pinged.connection.hear(seconds=LONG_SECONDS)
        pinged.connection.show_life()
    assert pinged.connection.is_open


def test_a_farewell_ends_when_the_client_answers_it(peer: Peer) -> None:
    peer.theirs.sendall(peer.connection.farewell(1012, "restart"))
    peer.say(TextMessage("what?"))
    [close] = peer.hears()
    assert isinstance(close, CloseConnection)
    assert (close.code, close.reason) == (1012, "restart")
    peer.say(close.response())
    begun = monotonic()
    peer.connection.await_farewell(seconds=LONG_SECONDS)
    assert monotonic() - begun < LONG_SECONDS / 2
    assert peer.connection.said_count() == 0


def test_a_farewell_that_nobody_answers_has_an_end(peer: Peer) -> None:
    peer.theirs.sendall(peer.connection.farewell(1012, "restart"))
    begun = monotonic()
    peer.connection.await_farewell(seconds=0.05)
    assert 0.045 <= monotonic() - begun < LONG_SECONDS / 2
