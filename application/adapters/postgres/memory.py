"""Whether the log still has what this process has seen of it.

A standby that took over without the last transactions of its primary has a shorter log,
which goes on otherwise. Routers, feed and memory are ahead of it then: one could be
flashed again. So each new connection is asked for the newest event that is known here,
and who misses it closes the log for everybody.
"""

import logging
from contextlib import suppress

from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.pool import Raw
from application.errors import StorageError

# Whose event it is, which of theirs, and what it says.
Its = tuple[bytes, int, bytes]

_FIRST = "SELECT recorded_at FROM event WHERE position = 1"
_EVENT = (
    b"SELECT originator_id, originator_version, state FROM flashlog_log.event"
    b" WHERE position = $1"
)
_IS_THERE = "SELECT to_regclass('flashlog_log.closed') IS NOT NULL"
_FIRST_AND_LAST = (
    b"SELECT (SELECT recorded_at FROM flashlog_log.event WHERE position = 1),"
    b" (SELECT max(position) FROM flashlog_log.event)"
)
_CLOSE = (
    b"INSERT INTO flashlog_log.closed SELECT $1::text"
    b" WHERE NOT EXISTS (SELECT FROM flashlog_log.closed)"
)
_WHAT_TO_DO = (
    "stop all services and runners, run `flashlog restore` without a file, which holds "
    "what was in progress, and start again"
)

_log = logging.getLogger(__name__)


class Memory:
    """The newest event of a log that this process has seen."""

    def __init__(self, database: PostgresDatabase) -> None:
        self._database = database
        self._newest: tuple[int, Its] | None = None
        # When the first event was recorded: by that one log is known from another.
        self._first: int | None = None
        self._has_closed = False
        database.pool.when_opened(self._look)

    def note(self, position: int, its: Its) -> None:
        """Take note of an event that is in the log."""
        if self._newest is None or position > self._newest[0]:
            self._newest = position, its
        if self._first is None:
            with suppress(StorageError), self._database.reading() as connection:
                found = connection.execute(_FIRST).fetchone()
                self._first = found and int(found[0])

    def reopen(self) -> None:
        """Let everybody append again."""
        with self._database.writing() as connection:
            connection.execute("DELETE FROM closed")

    def _look(self, connection: Raw) -> None:
        """Raise StorageError where the log lacks what was seen of it."""
        newest = self._newest
        if newest is None or self._first is None:
            return
        if connection.execute(_IS_THERE.encode()).fetchone() != (True,):
            return  # it is gone whole, which nobody overlooks
        position, its = newest
        if connection.execute(_EVENT, (position,)).fetchone() == its:
            return
        first, last = connection.execute(_FIRST_AND_LAST).fetchone() or (None, None)
        name = self._database.name
        if first != self._first:
            msg = f"{name} is another log than it was: start again"
            raise StorageError(msg)
        msg = (
            f"{name} has lost events: event {position} that was recorded is not in it, "
            f"which ends at {last}, as after a failover to a standby that had not "
            f"received all: {_WHAT_TO_DO}"
        )
        # Once: a person may have looked and opened it again meanwhile.
        if not self._has_closed:
            connection.execute(_CLOSE, (msg,))
            self._has_closed = True
            _log.error("action=events_lost %s", msg)
        raise StorageError(msg)


def why_closed(database: PostgresDatabase) -> str:
    """Return why nobody may append; blank where everybody may."""
    with database.reading() as connection:
        (is_there,) = connection.execute(_IS_THERE).fetchone()
        if not is_there:
            return ""
        found = connection.execute("SELECT why FROM closed LIMIT 1").fetchone()
    return str(found[0]) if found else ""
