"""One connection of this process that hears what others commit, and keeps its roles.

A thread watches it: when it breaks, what it held is lost, and it is opened again.
"""

import hashlib
import logging
import os
import select
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import RLock, Thread
from typing import Any

import psycopg

from application.adapters.postgres.errors import explained
from application.adapters.postgres.pool import Pool, Raw
from application.errors import StorageError

# How often a lost connection is tried again, in seconds.
_PAUSE_SECONDS = 0.5

_log = logging.getLogger(__name__)


class Listener:
    """Counts what was told on each channel; nothing is asked of the server for that."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._guard = RLock()
        self._connection: Raw | None = None
        self._channels: set[str] = set()
        self._told: Counter[str] = Counter()
        self._when_lost: list[Callable[[], None]] = []
        self._thread: Thread | None = None
        self._wake: tuple[int, int] | None = None

    def growth(self, channel: str) -> "Heard":
        """Listen on a channel from now on, also where the server is away just now."""
        with self._guard:
            if channel not in self._channels:
                self._channels.add(channel)
                with suppress(StorageError, psycopg.Error):
                    if self._connection is None:
                        self._open()
                    else:
                        self._connection.execute(f'LISTEN "{channel}"')
            self._watch()
        return Heard(self, channel)

    def times_told(self, channel: str) -> int:
        return self._told[channel]

    def when_lost(self, call: Callable[[], None]) -> None:
        """Call whenever the connection has broken, with all that it held."""
        self._when_lost.append(call)

    @contextmanager
    def asking(self) -> Iterator[Raw]:
        """Lend the connection itself, for what lasts as long as it. StorageError."""
        with self._guard:
            connection = self._connection or self._open()
            self._watch()
            try:
                yield connection
            except psycopg.Error as error:
                if connection.closed or connection.broken:
                    self._lose()
                raise explained(error, self._pool.name) from error

    def close(self) -> None:
        with self._guard:
            thread, self._thread = self._thread, None
            if self._wake:
                os.write(self._wake[1], b"x")
        if thread:
            thread.join()
        with self._guard:
            if self._connection:
                self._connection.close()
                self._connection = None
            for descriptor in self._wake or ():
                os.close(descriptor)
            self._wake = None

    def _open(self) -> Raw:
        connection = self._pool.open()
        try:
            connection.add_notify_handler(lambda told: self._hear(told.channel))
            for channel in self._channels:
                connection.execute(f'LISTEN "{channel}"')
        except psycopg.Error as error:
            connection.close()
            raise explained(error, self._pool.name) from error
        self._connection = connection
        # Before it listened, anything may have happened.
        for channel in self._channels:
            self._hear(channel)
        return connection

    def _hear(self, channel: str) -> None:
        self._told[channel] += 1

    def _watch(self) -> None:
        if self._thread is None:
            self._wake = self._wake or os.pipe()
            self._thread = Thread(
                target=self._follow, args=(self._wake[0],), name="listener", daemon=True
            )
            self._thread.start()

    def _follow(self, wake: int) -> None:
        while self._thread is not None:
            with self._guard:
                connection = self._connection
            if connection is None:
                if select.select([wake], [], [], _PAUSE_SECONDS)[0]:
                    return
                self._open_again()
            elif self._wait(connection, wake):
                self._take_in(connection)

    def _wait(self, connection: Raw, wake: int) -> bool:
        """Wait for something to read; False where it is not from the server."""
        try:
            server = connection.fileno()
        except psycopg.Error:
            return True
        readable, _, _ = select.select([server, wake], [], [])
        return server in readable and wake not in readable

    def _take_in(self, connection: Raw) -> None:
        with self._guard:
            if connection is not self._connection:
                return
            try:
                connection.pgconn.consume_input()
                while told := connection.pgconn.notifies():
                    self._hear(told.relname.decode())
            except psycopg.Error as error:
                _log.warning("%s", explained(error, self._pool.name))
                self._lose()

    def _open_again(self) -> None:
        with self._guard, suppress(StorageError):
            if self._connection is None and self._thread is not None:
                self._open()

    def _lose(self) -> None:
        connection, self._connection = self._connection, None
        if connection:
            connection.close()
        for call in self._when_lost:
            call()


class Heard:
    """Whether a channel was told something since it was last asked."""

    def __init__(self, listener: Listener, channel: str) -> None:
        self._listener = listener
        self._channel = channel
        self._seen = -1

    def has_happened(self) -> bool:
        told = self._listener.times_told(self._channel)
        has_grown = told != self._seen
        self._seen = told
        return has_grown

    def close(self) -> None:
        """Nothing is kept for one of them."""


def key_of(*words: Any) -> int:
    """Return the number by which PostgreSQL knows a lock of ours."""
    digest = hashlib.sha256("\0".join(map(str, ("flashlog", *words))).encode()).digest()
    return int.from_bytes(digest[:8], "big", signed=True)
