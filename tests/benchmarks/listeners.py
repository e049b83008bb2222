"""A thousand clients of the event feed, in a process of their own.

`python -m tests.benchmarks.listeners URL TOKEN COUNT` says "ready", then what came to
whom as one line of JSON once every client has been closed.
"""

import json
import selectors
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
import websocket

_READ_BYTES = 1 << 16
_SAMPLED_EVERY = 10
_TEXT, _CLOSE = 1, 8
_LIMIT_SECONDS = 60


class Heard(msgspec.Struct):
    """What the clients saw.

    `delays` are seconds from the record of an event to its arrival, of every tenth
    client: to decode what all of them get would be more work than the service has.
    """

    delays: list[float]
    messages: int
    closed_with: list[int]


@contextmanager
def listeners(url: str, token: str, count: int) -> Iterator[subprocess.Popen[bytes]]:
    """Let clients listen; they have all caught up when this yields."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.listeners", url, token, str(count)],
        stdout=subprocess.PIPE,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n"
            yield process
        finally:
            process.kill()


def heard_by(process: subprocess.Popen[bytes]) -> Heard:
    """Return what the clients heard; they are closed by now."""
    answer, _ = process.communicate(timeout=_LIMIT_SECONDS)
    return msgspec.json.decode(answer, type=Heard)


class _Listener:
    """Reads the frames of one client as they come."""

    def __init__(self, url: str, token: str, *, is_sampled: bool) -> None:
        self.is_sampled = is_sampled
        where = urlsplit(url)
        self.connection = websocket.create_connection(
            f"ws://{where.netloc}/ws/firmware-upgrader/event/?after=end",
            header=[f"Authorization: Bearer {token}"],
            origin=f"http://localhost:{where.port}",
            timeout=_LIMIT_SECONDS,
        )
        while json.loads(self.connection.recv())["type"] != "caught_up":
            pass
        assert self.connection.sock is not None
        self.socket = self.connection.sock
        self.socket.settimeout(0)
        self._buffer = b""

    def frames(self) -> Iterator[tuple[int, bytes]]:
        """Yield opcode and payload of the whole frames that are there."""
        self._buffer += self.socket.recv(_READ_BYTES)
        while (size := _frame(self._buffer)) is not None:
            head, end = size
            if len(self._buffer) < end:
                return
            yield self._buffer[0] & 15, self._buffer[head:end]
            self._buffer = self._buffer[end:]


def _frame(buffer: bytes) -> tuple[int, int] | None:
    """Return where the payload of an unmasked frame begins and ends (RFC 6455 5.2)."""
    if len(buffer) < 2:
        return None
    short = buffer[1] & 127
    head = {126: 4, 127: 10}.get(short, 2)
    if len(buffer) < head:
        return None
    size = short if head == 2 else int.from_bytes(buffer[2:head], "big")
    return head, head + size


def main(url: str, token: str, count: int) -> None:
    selector = selectors.DefaultSelector()
    for number in range(count):
        listener = _Listener(url, token, is_sampled=number % _SAMPLED_EVERY == 0)
        selector.register(listener.socket, selectors.EVENT_READ, listener)
    print("ready", flush=True)
    heard = Heard(delays=[], messages=0, closed_with=[])
    while len(heard.closed_with) < count:
        for key, _ in selector.select(_LIMIT_SECONDS):
            now = time.time()
            for opcode, payload in key.data.frames():
                if opcode == _CLOSE:
                    heard.closed_with.append(int.from_bytes(payload[:2], "big"))
                    selector.unregister(key.fileobj)
                    key.data.connection.shutdown()
                elif opcode == _TEXT:
                    heard.messages += 1
                    if key.data.is_sampled:
                        _note_delay(heard, now, json.loads(payload))
    sys.stdout.buffer.write(msgspec.json.encode(heard))


def _note_delay(heard: Heard, now: float, message: dict[str, Any]) -> None:
    if "specversion" in message:
        heard.delays.append(now - datetime.fromisoformat(message["time"]).timestamp())


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
