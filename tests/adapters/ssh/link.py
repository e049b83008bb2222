"""A TCP link between a client and a server that can be slow, stuck or cut.

One thread moves bytes for all connections; each byte leaves a fixed time after it came
in, in order, whatever the amount: a delay and no limit of bandwidth.
"""

import contextlib
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator

_READ_BYTES = 256 << 10
_SELECT_STEP_SECONDS = 0.001  # it rounds up to that
_QUEUE_BYTES_MAX = 8 << 20  # more than any window in the tests


class _Way:
    """One direction of one connection."""

    def __init__(self, source: socket.socket, sink: socket.socket) -> None:
        self.source = source
        self.sink = sink
        self.queue: deque[tuple[float, bytes]] = deque()
        self.queued_bytes = 0
        self.ended = False  # the source has nothing more
        self.other: _Way = self


class Link:
    """Listens on `port` and passes everything on to `server_port`.

    `cut_at_bytes`, `stall_at_bytes`: how many bytes from the client pass before the
    connection is reset, or before nothing moves any more in either direction.
    """

    def __init__(self, server_port: int, round_trip_seconds: float = 0.0) -> None:
        self._server_port = server_port
        self._one_way_seconds = round_trip_seconds / 2
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cut_at_bytes: int | None = None
        self.stall_at_bytes: int | None = None
        self.bytes_up = 0
        self.connections = 0
        self._ways: dict[socket.socket, _Way] = {}
        self._clients: set[socket.socket] = set()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="link", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        self._thread.join(5)
        for stream in self._ways:
            stream.close()
        self._listener.close()

    def _run(self) -> None:
        with selectors.DefaultSelector() as selector:
            self._selector = selector
            selector.register(self._listener, selectors.EVENT_READ)
            while not self._ending.is_set():
                wait_seconds = self._wait_seconds()
                if wait_seconds < _SELECT_STEP_SECONDS:
                    time.sleep(wait_seconds)
                    wait_seconds = 0.0
                for key, _ in selector.select(wait_seconds - _SELECT_STEP_SECONDS):
                    if key.fileobj is self._listener:
                        self._accept()
                    elif isinstance(key.fileobj, socket.socket):
                        self._take(key.fileobj)
                self._pass_on()

    def _wait_seconds(self) -> float:
        if self._stalled():
            return 0.05
        due = min((way.queue[0][0] for way in self._waiting()), default=None)
        if due is None:
            return 0.05
        return max(0.0001, min(0.05, due - time.monotonic()))

    def _waiting(self) -> list[_Way]:
        return [way for way in self._ways.values() if way.queue]

    def _stalled(self) -> bool:
        return self.stall_at_bytes is not None and self.bytes_up >= self.stall_at_bytes

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        self.connections += 1
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port))
        except OSError:
            client.close()
            return
        up, down = _Way(client, server), _Way(server, client)
        up.other, down.other = down, up
        for way in (up, down):
            way.source.settimeout(0)
            way.source.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._ways[way.source] = way
            self._selector.register(way.source, selectors.EVENT_READ)
        self._clients.add(client)

    def _take(self, stream: socket.socket) -> None:
        way = self._ways.get(stream)
        if way is None:
            return
        if self._stalled() or way.queued_bytes > _QUEUE_BYTES_MAX:
            time.sleep(0.001)  # it stays readable; the peer's TCP fills up
            return
        try:
            data = stream.recv(_READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if stream in self._clients:
            self.bytes_up += len(data)
            if self.cut_at_bytes is not None and self.bytes_up >= self.cut_at_bytes:
                self.cut_at_bytes = None
                self._reset(way)
                return
        if not data:
            way.ended = True
            self._selector.unregister(stream)
        way.queue.append((time.monotonic() + self._one_way_seconds, data))
        way.queued_bytes += len(data)

    def _pass_on(self) -> None:
        if self._stalled():
            return
        now = time.monotonic()
        for way in self._waiting():
            while way.queue and way.queue[0][0] <= now:
                due, data = way.queue.popleft()
                if not data:
                    with contextlib.suppress(OSError):
                        way.sink.shutdown(socket.SHUT_WR)
                    if way.other.ended and not way.other.queue:
                        self._forget(way)
                    break
                try:
                    sent = way.sink.send(data)
                except BlockingIOError:
                    sent = 0
                except OSError:
                    self._reset(way)
                    break
                way.queued_bytes -= sent
                if sent < len(data):
                    way.queue.appendleft((due, data[sent:]))
                    break

    def _reset(self, way: _Way) -> None:
        for stream in (way.source, way.sink):
            with contextlib.suppress(OSError):
                stream.setsockopt(
                    socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0"
                )
        self._forget(way)

    def _forget(self, way: _Way) -> None:
        for stream in (way.source, way.sink):
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(stream)
            self._ways.pop(stream, None)
            self._clients.discard(stream)
            stream.close()


@contextlib.contextmanager
def link_to(server_port: int, round_trip_seconds: float = 0.0) -> Iterator[Link]:
    link = Link(server_port, round_trip_seconds)
    link.start()
    try:
        yield link
    finally:
        link.stop()
