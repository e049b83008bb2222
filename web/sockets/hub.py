"""All WebSocket clients of this process, told from one place."""

import logging
from collections.abc import Sequence
from time import sleep
from typing import cast
from uuid import UUID

from flask import Flask, current_app

from application.feed.follower import Follower
from application.feed.occurrence import Occurrence
from application.feed.sessions import ended_sessions
from application.flashlog import Flashlog
from web.metering import CLIENTS_DROPPED
from web.sockets.channels import Channels
from web.sockets.client import Client
from web.sockets.codes import GOING_AWAY, INTERNAL_ERROR, POLICY_VIOLATION
from web.sockets.event_clients import EventClients

_LOG = logging.getLogger(__name__)
_NAME = "flashlog.sockets"

_CLOSED_AT_ONCE = 25
_CLOSE_PAUSE_SECONDS = 0.01


class Hub:
    """Who listens to what; one follower tells them all."""

    def __init__(self, flashlog: Flashlog, follower: Follower) -> None:
        self.flashlog = flashlog
        self.follower = follower
        self.channels = Channels(flashlog)
        self.events = EventClients(self.follower)
        self._clients: set[Client] = set()
        self._is_stopping = False
        follower.tell_by(self)

    def seat(
        self, *, told: int | None = None, session_id: UUID | None = None
    ) -> Client | None:
        """Take in one more client, before its connection; None: there is no room.

        It is told everything from here on, or from the position `told` on, until
        somebody logs out of its session.
        """
        with self.follower.lock:
            clients_max = self.flashlog.settings.websocket_clients_max
            if self._is_stopping or len(self._clients) >= clients_max:
                CLIENTS_DROPPED.labels("full").inc()
                return None
            position = self.follower.join()
            client = Client(position if told is None else told, session_id)
            self._clients.add(client)
            return client

    def count(self) -> int:
        """Return how many clients there are."""
        with self.follower.lock:
            return len(self._clients)

    def leave(self, client: Client) -> None:
        """Forget a client, wherever it listens."""
        with self.follower.lock:
            if client in self._clients:
                self._clients.discard(client)
                self.channels.leave(client)
                self.events.leave(client)
                self.follower.leave()

    def close(self) -> None:
        """Say goodbye to everybody, and let nobody in any more."""
        with self.follower.lock:
            self._is_stopping = True
            clients = list(self._clients)
        self.follower.stop()
        # A few at a time: threads that wake all at once mostly wait for each other.
        for start in range(0, len(clients), _CLOSED_AT_ONCE):
            few = clients[start : start + _CLOSED_AT_ONCE]
            for client in few:
                client.say_goodbye(GOING_AWAY, "the service is stopping")
            sleep(_CLOSE_PAUSE_SECONDS)
            for client in few:
                client.wake(in_a_hurry=True)

    def pulse(self) -> None:
        self.events.pulse()

    def tell(self, occurrences: Sequence[Occurrence]) -> None:
        """Tell everybody; who could not be told is sent away rather than left out."""
        try:
            self.events.tell(occurrences)
            self.channels.tell(occurrences)
            self._leave_sessions(occurrences)
        except Exception:
            for client in self._clients:
                client.close(INTERNAL_ERROR, "trouble on the server: come back")
            raise

    def _leave_sessions(self, occurrences: Sequence[Occurrence]) -> None:
        """Close the sockets of sessions that somebody has logged out of."""
        ended = ended_sessions(occurrences)
        for client in self._clients if ended else ():
            if client.session_id in ended:
                client.close(POLICY_VIOLATION, "logged out")


def keep(app: Flask, hub: Hub) -> None:
    app.extensions[_NAME] = hub


def hub_of(app: Flask) -> Hub:
    return cast("Hub", app.extensions[_NAME])


def hub() -> Hub:
    return hub_of(current_app)
