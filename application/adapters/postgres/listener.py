"""One connection of this process that hears what others commit, and keeps its roles.

A thread watches it: when it breaks, or the server does not answer on it, what it held
is lost, and it is opened again.
"""

import logging
import os
import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock, RLock, Thread
from time import monotonic

import psycopg

from application.adapters.postgres.channels import Channels, Heard
from application.adapters.postgres.errors import explained
from application.adapters.postgres.pool import Pool, Raw
from application.adapters.postgres.waiting import SilentError
from application.errors import LogBusyError, StorageError

# How often a lost connection is tried again, in seconds.
_PAUSE_SECONDS = 0.5
# After so much silence the server is asked whether it is still there, in seconds.
_QUIET_SECONDS = 3.0

_log = logging.getLogger(__name__)


class Listener:
    """The connection of this process that lasts; `channels` counts what it hears."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._guard = RLock()
        # Whoever only wants to be told of news waits for nobody's answer.
        self._starting = Lock()
        self._connection: Raw | None = None
        self.channels = Channels()
        self._when_lost: list[Callable[[], None]] = []
        self._when_there: list[Callable[[Raw], None]] = []
        self._failure: tuple[float, StorageError] | None = None
        self._thread: Thread | None = None
        self._wake: tuple[int, int] | None = None

    def growth(self, channel: str) -> Heard:
        """Listen on a channel from now on, also where the server is away just now."""
        self.channels.want(channel)
        # Else the thread tries it again.
        with suppress(StorageError), self.asking() as connection:
            self.channels.listen(connection)
        self._watch()
        return Heard(self.channels, channel)

    def when_lost(self, call: Callable[[], None]) -> None:
        """Call whenever the connection has broken, with all that it held."""
        self._when_lost.append(call)

    def when_there(self, call: Callable[[Raw], None]) -> None:
        """Call with a connection that is new, and now and then afterwards."""
        self._when_there.append(call)

    @contextmanager
    def guarded(self, *, limit_seconds: float = -1) -> Iterator[None]:
        """Keep all others from the connection; -1: however long they take."""
        if not self._guard.acquire(timeout=limit_seconds):
            msg = f"{self._pool.name} is slow to answer: try again"
            raise LogBusyError(msg)
        try:
            yield
        finally:
            self._guard.release()

    @contextmanager
    def asking(self) -> Iterator[Raw]:
        """Lend the connection itself, for what lasts as long as it. StorageError."""
        with self.guarded(limit_seconds=self._pool.busy_seconds):
            connection = self._connection or self._open()
            self._watch()
            try:
                yield connection
                # What came together with an answer is not read again by anybody.
                self.channels.take(connection)
            except psycopg.Error as error:
                self._failed(error)
                raise explained(error, self._pool.name) from error

    def close(self) -> None:
        with self._starting:
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
        """Open it, unless that was just tried: others are waiting for us meanwhile."""
        if self._failure and monotonic() - self._failure[0] < _PAUSE_SECONDS:
            raise type(self._failure[1])(*self._failure[1].args)
        try:
            connection = self._pool.open()
        except StorageError as error:
            self._failure = monotonic(), error
            raise
        # Nothing is asked on it that could take long.
        connection.limit_seconds = self._pool.answer_seconds
        self._connection, self._failure = connection, None
        try:
            connection.add_notify_handler(lambda told: self.channels.hear(told.channel))
            self._be_there(connection)
        except psycopg.Error as error:
            self._lose()
            raise explained(error, self._pool.name) from error
        return connection

    def _be_there(self, connection: Raw) -> None:
        self.channels.listen(connection)
        for call in self._when_there:
            call(connection)

    def _watch(self) -> None:
        with self._starting:
            if self._thread is None:
                self._wake = self._wake or os.pipe()
                self._thread = Thread(
                    target=self._follow,
                    args=(self._wake[0],),
                    name="listener",
                    daemon=True,
                )
                self._thread.start()

    def _follow(self, wake: int) -> None:
        while self._thread is not None:
            connection = self._connection
            if connection is None:
                if not _ready([wake], seconds=_PAUSE_SECONDS):
                    self._open_again()
                continue
            try:
                ready = _ready([connection.fileno(), wake], seconds=_QUIET_SECONDS)
            except psycopg.Error:  # somebody has just closed it
                ready = True
            with self._guard:
                if connection is self._connection and self._thread is not None:
                    self._look(connection, has_news=ready)

    def _look(self, connection: Raw, *, has_news: bool) -> None:
        try:
            if has_news:
                connection.pgconn.consume_input()
            else:
                connection.execute(b"SELECT 1")
                self._be_there(connection)
            self.channels.take(connection)
        except psycopg.Error as error:
            _log.warning("%s", explained(error, self._pool.name))
            self._failed(error)

    def _open_again(self) -> None:
        with self._guard, suppress(StorageError):
            if self._connection is None and self._thread is not None:
                self._open()

    def _failed(self, error: psycopg.Error) -> None:
        if isinstance(error, SilentError):
            self._pool.give_up()
        if self._connection and (self._connection.closed or self._connection.broken):
            self._lose()

    def _lose(self) -> None:
        connection, self._connection = self._connection, None
        self.channels.lose()
        if connection:
            connection.close()
        for call in self._when_lost:
            call()


def _ready(descriptors: list[int], *, seconds: float) -> bool:
    """Wait until something can be read; there may be more of them than 1024."""
    poll = select.poll()
    for each in descriptors:
        poll.register(each, select.POLLIN)
    return bool(poll.poll(seconds * 1000))
