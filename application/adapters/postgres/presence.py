"""Which processes are alive, on all machines: a lock and a beating row for each.

The lock tells a killed process at once, the beat a frozen one.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Thread

from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.listener import Listener
from application.errors import StorageError

_BEAT_SECONDS = 1.0
_FORGOTTEN_SECONDS = 3600.0
# The number of this kind of lock; a process has another one of its own.
_KIND = 0x466C61
_NOW = "extract(epoch FROM clock_timestamp())"
_COUNT = (
    "SELECT count(*) FROM present JOIN pg_locks ON objid = number::oid"  # noqa: S608
    " WHERE role = ? AND locktype = 'advisory' AND classid = ?::oid AND database ="
    " (SELECT oid FROM pg_database WHERE datname = current_database())"
    f" AND objsubid = 2 AND granted AND beat_at >= {_NOW} - ?"
)
_BEAT = (
    f"INSERT INTO present (number, role, beat_at) VALUES (?, ?, {_NOW})"  # noqa: S608
    " ON CONFLICT (number) DO UPDATE SET beat_at = excluded.beat_at"
)
_IS_HELD = (
    b"SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted"
    b" AND classid = $1::oid AND objid = $2::oid AND objsubid = 2"
    b" AND pid = pg_backend_pid()"
)


class PostgresPresence:
    """The processes that share a database, by their role; the server's clock counts."""

    def __init__(self, database: PostgresDatabase, listener: Listener) -> None:
        self._database = database
        self._listener = listener

    @contextmanager
    def of(self, role: str) -> Iterator[None]:
        """Be present in a role until the block ends; any number may share a role."""
        number = secrets.randbelow(1 << 31)
        left = Event()
        self._forget_the_dead()
        self._beat(role, number)
        beating = Thread(target=self._keep_beating, args=(role, number, left))
        beating.daemon = True
        beating.start()
        try:
            yield
        finally:
            left.set()
            beating.join()
            with suppress(StorageError):
                self._leave(number)

    def is_any(self, role: str, *, silent_seconds_max: float) -> bool:
        """Whether a living process of this role has given a sign lately."""
        return self.count(role, silent_seconds_max=silent_seconds_max) > 0

    def count(self, role: str, *, silent_seconds_max: float) -> int:
        """Return how many of them there are."""
        with self._database.reading() as connection:
            (count,) = connection.execute(
                _COUNT, (role, _KIND, silent_seconds_max)
            ).fetchone()
        return int(count)

    def _keep_beating(self, role: str, number: int, left: Event) -> None:
        while not left.wait(_BEAT_SECONDS):
            with suppress(StorageError):
                self._beat(role, number)

    def _beat(self, role: str, number: int) -> None:
        with self._listener.asking() as connection:
            held = connection.execute(_IS_HELD, (_KIND, number)).fetchone()
            if held is None:  # at first, and on a connection that is new
                connection.execute(
                    b"SELECT pg_try_advisory_lock($1::int, $2::int)::int",
                    (_KIND, number),
                )
        with self._database.reading() as connection:
            connection.execute(_BEAT, (number, role))

    def _leave(self, number: int) -> None:
        with self._database.reading() as connection:
            connection.execute("DELETE FROM present WHERE number = ?", (number,))
        with self._listener.asking() as connection:
            connection.execute(
                b"SELECT pg_advisory_unlock($1::int, $2::int)::int", (_KIND, number)
            )

    def _forget_the_dead(self) -> None:
        with self._database.reading() as connection:
            connection.execute(
                f"DELETE FROM present WHERE beat_at < {_NOW} - ?",  # noqa: S608
                (_FORGOTTEN_SECONDS,),
            )
