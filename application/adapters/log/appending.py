"""What is alike wherever events are appended."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import Any
from uuid import UUID

from eventsourcing.persistence import IntegrityError, StoredEvent

from application.adapters.database import ConstraintError, Database
from application.adapters.log.event import utc_now
from application.adapters.log.fences import NoneSince
from application.adapters.log.reading import LogReading
from application.errors import LogBusyError, NewerLogError

LOG_FORMAT = 1


class Log(LogReading):
    """The library's recorder port on a table that only grows.

    Ordered, without holes, durable when an append returns.
    """

    def __init__(
        self,
        database: Database,
        *,
        busy_seconds: float = 5.0,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        super().__init__(database)
        self._now = now
        self._busy_seconds = busy_seconds
        # Threads of one process queue here: no database lets its waiters in by turns.
        self._turn = Lock()
        require_format(database, LOG_FORMAT, self._make)

    def insert_events(
        self,
        stored_events: Sequence[StoredEvent],
        *,
        expected: Sequence[tuple[UUID, int]] = (),
        none_since: NoneSince | None = None,
        **_kwargs: Any,
    ) -> Sequence[int]:
        """Append at the end, all or nothing; returns the positions given.

        `expected` are stories that nothing is appended to, and the versions that they
        must still have; `none_since` what must not have happened anywhere.
        """
        if not stored_events:
            return []
        try:
            with self._in_turn():
                first = self._append(stored_events, expected, none_since)
        except ConstraintError as error:
            raise IntegrityError(error) from error
        return list(range(first, first + len(stored_events)))

    def _make(self) -> None:
        """Make the table."""
        raise NotImplementedError

    def _append(
        self,
        stored_events: Sequence[StoredEvent],
        expected: Sequence[tuple[UUID, int]],
        none_since: NoneSince | None,
    ) -> int:
        """Append; returns the first position. Raises ConstraintError."""
        raise NotImplementedError

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if not self._turn.acquire(timeout=self._busy_seconds):
            msg = f"{self._database.name} is kept busy by other threads: try again"
            raise LogBusyError(msg)
        try:
            yield
        finally:
            self._turn.release()


def require_format(database: Database, number: int, make: Callable[[], None]) -> None:
    """Make the tables where there are none. Raises NewerLogError for newer ones."""
    found = database.format()
    if found > number:
        msg = (
            f"{database.name} has format {found}, this Flashlog knows {number}: "
            "install the version that wrote it or a later one"
        )
        raise NewerLogError(msg)
    if found < number:
        make()
