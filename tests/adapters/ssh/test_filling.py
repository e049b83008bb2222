"""What the thread that reads does for channels, and what it must not wait for."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

import paramiko
import pytest

from application.adapters.ssh.bandwidth import Bandwidth
from application.adapters.ssh.filling import Filling
from application.adapters.ssh.wire import _grow_window, _note_close, _note_refusal
from tests.adapters.ssh.given import MemoryImage
from tests.procedure.world import eventually

_WINDOW_BYTES = 24 << 10
_PACKET_BYTES = 16 << 10


class Wire:
    """What a channel knows of its transport; `sent` is what has left."""

    def __init__(self) -> None:
        self.clear_to_send = threading.Event()
        self.clear_to_send.set()
        self.sent: list[bytes] = []
        self.senders: set[int] = set()

    def get_log_channel(self) -> str:
        return __name__

    def _unlink_channel(self, _: int) -> None:
        """Forget the channel."""

    def _send_user_message(self, packet: Any) -> None:
        assert self.clear_to_send.wait(10)
        self.sent.append(packet.asbytes()[9:])
        self.senders.add(threading.get_ident())


class LateLock:
    """A channel's lock that the thread that reads gets late, once."""

    def __init__(self, lock: Any, before: Callable[[], None]) -> None:
        self._lock = lock
        self._before = before
        self._reader = threading.get_ident()

    def acquire(self) -> None:
        if threading.get_ident() == self._reader:
            before, self._before = self._before, lambda: None
            before()
        self._lock.acquire()

    def release(self) -> None:
        self._lock.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        where: TracebackType | None,
    ) -> None:
        self.release()


@pytest.fixture
def wire() -> Wire:
    return Wire()


@pytest.fixture
def channel(wire: Wire) -> Any:
    made: Any = paramiko.Channel(0)
    made._set_transport(wire)
    made.active = True
    made.remote_chanid = 0
    made.out_window_size = _WINDOW_BYTES
    made.out_max_packet_size = _PACKET_BYTES
    return made


@pytest.fixture
def image() -> MemoryImage:
    return MemoryImage(2 * _WINDOW_BYTES)


@pytest.fixture
def lane(channel: Any, image: MemoryImage) -> threading.Thread:
    """A thread that sends the whole image, twice what the window takes."""
    filling = Filling(
        channel,
        image.spans(1)[0],
        read=image.read,
        bandwidth=Bandwidth(None),
        stopped=threading.Event(),
    )
    return threading.Thread(target=filling.run, daemon=True)


def grow(channel: Any, count: int) -> None:
    message = paramiko.Message()
    message.add_int(count)
    message.rewind()
    _grow_window(channel, message)


def has_arrived(wire: Wire, image: MemoryImage) -> None:
    assert b"".join(wire.sent) == image.read(0, image.size)


def is_waiting(channel: Any) -> bool:
    return channel.__dict__.get("filling") is not None


def test_who_hears_of_room_sends_while_the_lane_waits(
    channel: Any, wire: Wire, lane: threading.Thread, image: MemoryImage
) -> None:
    lane.start()
    eventually(lambda: is_waiting(channel))
    grow(channel, _WINDOW_BYTES)
    lane.join(60)
    has_arrived(wire, image)
    assert threading.get_ident() in wire.senders


def test_a_lane_that_begins_to_wait_just_then_does_not_miss_the_room(
    channel: Any, wire: Wire, lane: threading.Thread, image: MemoryImage
) -> None:
    def let_the_lane_wait() -> None:
        lane.start()
        eventually(lambda: is_waiting(channel))

    channel.lock = LateLock(channel.lock, let_the_lane_wait)
    grow(channel, _WINDOW_BYTES)
    lane.join(20)
    has_arrived(wire, image)


def test_the_lane_sends_itself_while_keys_are_exchanged(
    channel: Any, wire: Wire, lane: threading.Thread, image: MemoryImage
) -> None:
    lane.start()
    eventually(lambda: is_waiting(channel))
    wire.clear_to_send.clear()
    grow(channel, _WINDOW_BYTES)
    wire.clear_to_send.set()
    lane.join(60)
    has_arrived(wire, image)
    assert threading.get_ident() not in wire.senders


@pytest.mark.parametrize("told", [_note_close, _note_refusal])
def test_an_end_while_keys_are_exchanged_keeps_nobody_from_reading_on(
    channel: Any, wire: Wire, told: Callable[[Any, Any], None]
) -> None:
    wire.clear_to_send.clear()
    told(channel, None)
    assert wire.sent == []
    wire.clear_to_send.set()
    eventually(lambda: len(wire.sent) > 0)
    assert channel.closed
