"""All WebSocket clients of this process, told from one place."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Event, Lock, Thread
from time import sleep
from typing import cast
from uuid import UUID

import msgspec
from flask import Flask, current_app

from application.feed import Feed, Told
from application.flashlog import Flashlog
from web.representation import operation_object
from web.sockets.client import Client, text_frame

_NAME = "flashlog.sockets"

_CLOSED_AT_ONCE = 25
_CLOSE_PAUSE_SECONDS = 0.01

# Close codes of RFC 6455 section 7.4.1 and of its registry.
GOING_AWAY = 1001
POLICY_VIOLATION = 1008
INTERNAL_ERROR = 1011
TRY_AGAIN_LATER = 1013


class Hub:
    """Who listens to which operation; one follower tells them all."""

    def __init__(self, flashlog: Flashlog, *, clients_max: int) -> None:
        self._flashlog = flashlog
        self._clients_max = clients_max
        self._feed = Feed(flashlog, self._tell)
        self._clients: defaultdict[UUID, set[Client]] = defaultdict(set)
        self._count = 0
        self._lock = Lock()
        self._stop = Event()
        self._follower: Thread | None = None

    @property
    def is_open(self) -> bool:
        """Whether one more client may come."""
        return not self._stop.is_set() and self._count < self._clients_max

    @contextmanager
    def listening(self, operation_id: UUID, client: Client) -> Iterator[bool]:
        """Let a client listen while the block runs; False when it may not."""
        if not self._enter(client):
            yield False
            return
        try:
            if not self._feed.follow(operation_id):
                yield False
                return
            try:
                with self._lock:
                    self._clients[operation_id].add(client)
                yield True
            finally:
                self._forget(operation_id, client)
                self._feed.leave(operation_id)
        finally:
            with self._lock:
                self._count -= 1

    def reply(self, operation_id: UUID, client: Client) -> None:
        """Send the operation as it is now, in its place between the pushes."""

        def tell(told: Told) -> None:
            client.send(_frame("operation_update", told, at=self._flashlog.clock.now()))

        self._feed.tell_now(operation_id, tell)

    def close(self) -> None:
        """Say goodbye to everybody, and let nobody in any more."""
        self._stop.set()
        with self._lock:
            clients = [each for group in self._clients.values() for each in group]
        # A few at a time: threads that wake all at once mostly wait for each other.
        for start in range(0, len(clients), _CLOSED_AT_ONCE):
            few = clients[start : start + _CLOSED_AT_ONCE]
            for client in few:
                client.say_goodbye(GOING_AWAY, "the service is stopping")
            sleep(_CLOSE_PAUSE_SECONDS)
            for client in few:
                client.wake()

    def _enter(self, client: Client) -> bool:
        with self._lock:
            if not self.is_open:
                client.close(TRY_AGAIN_LATER, "too many clients")
                return False
            self._count += 1
            if self._follower is None:
                self._follower = Thread(
                    target=self._feed.run, args=(self._stop,), daemon=True
                )
                self._follower.start()
            return True

    def _forget(self, operation_id: UUID, client: Client) -> None:
        with self._lock:
            listeners = self._clients[operation_id]
            listeners.discard(client)
            if not listeners:
                del self._clients[operation_id]

    def _tell(self, told: Told) -> None:
        with self._lock:
            clients = list(self._clients.get(told.operation_id, ()))
        if not clients:
            return
        # After the terminal update there is no further one; what is settled later
        # comes under a name of its own, which older clients ignore.
        kind = "obligation_update" if told.is_afterword else "operation_update"
        frame = _frame(kind, told, at=told.recorded_at)
        for client in clients:
            client.send(frame)


def keep(app: Flask, hub: Hub) -> None:
    app.extensions[_NAME] = hub


def hub_of(app: Flask) -> Hub:
    return cast("Hub", app.extensions[_NAME])


def hub() -> Hub:
    return hub_of(current_app)


def _frame(kind: str, told: Told, *, at: datetime) -> bytes:
    message = {
        "type": kind,
        "operation": operation_object(told.row, told.lines),
        "timestamp": at.isoformat(),
    }
    return text_frame(msgspec.json.encode(message))
