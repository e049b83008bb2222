"""SQLite connections: how they are opened, lent and what their errors mean."""

import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from queue import Empty, LifoQueue
from time import monotonic, sleep

from application.adapters.database import ConstraintError
from application.errors import LogBusyError, LogFullError, StorageError

# Pages of 4 KiB; many threads read, and each connection keeps a cache of its own.
_CACHE_PAGES = 256
_BUSY_PAUSE_SECONDS = 0.01
# So much of an index tells what it is like; to read all of it takes minutes.
_ANALYZED_ROWS = 1000


class Connections:
    """Connections to one database file, opened on demand and lent to one user each.

    `synchronous` is FULL for the log (durable when an append returns) and may be
    NORMAL for what can be rebuilt.
    """

    def __init__(
        self, path: Path, *, synchronous: str = "FULL", busy_seconds: float = 5.0
    ) -> None:
        self.path = path
        self._synchronous = synchronous
        self._busy_seconds = busy_seconds
        self._idle: LifoQueue[sqlite3.Connection] = LifoQueue()

    @property
    def name(self) -> str:
        return str(self.path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection outside a transaction."""
        connection = self._take()
        try:
            yield connection
        except sqlite3.Error as error:
            if connection.in_transaction:  # a script of several statements
                connection.rollback()
            raise explained(error, self.path) from error
        finally:
            self._idle.put(connection)

    # Whoever writes is alone.
    skip_locked = ""

    @contextmanager
    def writing(self, *, alone: bool = True) -> Iterator[sqlite3.Connection]:
        """Lend a connection inside a transaction that holds the write lock.

        Commits at the end, rolls back on any error. Raises LogBusyError,
        LogFullError or StorageError, and ConstraintError.
        """
        connection = self._take()
        try:
            connection.execute("BEGIN IMMEDIATE")
            yield connection
            connection.execute("COMMIT")
        except BaseException as error:
            with suppress(sqlite3.Error):
                connection.rollback()
            if isinstance(error, sqlite3.IntegrityError):
                raise ConstraintError(str(error)) from error
            if isinstance(error, sqlite3.Error):
                raise explained(error, self.path) from error
            raise
        finally:
            self._idle.put(connection)

    def growth(self) -> "Growth":
        return Growth(self.open())

    def format(self) -> int:
        with self.reading() as connection:
            (found,) = connection.execute("PRAGMA user_version").fetchone()
        return int(found)

    def make(
        self, schema: str, format_number: int, *, dropping: Collection[str] = ()
    ) -> None:
        drops = "".join(f'DROP TABLE IF EXISTS "{each}"; ' for each in dropping)
        with self.reading() as connection:
            connection.executescript(
                f"BEGIN IMMEDIATE; {drops}{schema}"
                f" PRAGMA user_version={format_number}; COMMIT;"
            )

    def tables(self) -> list[str]:
        with self.reading() as connection:
            found = connection.execute(
                "SELECT name FROM sqlite_schema WHERE type = 'table'"
                " AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
            ).fetchall()
        return [name for (name,) in found]

    def analyze(self) -> None:
        with self.reading() as connection:
            connection.execute(f"PRAGMA analysis_limit={_ANALYZED_ROWS}")
            connection.execute("ANALYZE")

    def copy_to(self, path: Path) -> None:
        """Write a copy of one moment while in use."""
        with self.reading() as connection, closing(sqlite3.connect(path)) as copy:
            connection.backup(copy)

    def close(self) -> None:
        with suppress(Empty):
            while True:
                self._idle.get_nowait().close()

    def open(self) -> sqlite3.Connection:
        """Open a connection that the caller keeps and closes."""
        connection = sqlite3.connect(
            self.path,
            timeout=self._busy_seconds,
            isolation_level=None,
            check_same_thread=False,
        )
        self._write_ahead(connection)
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.execute(f"PRAGMA cache_size={_CACHE_PAGES}")
        return connection

    def _write_ahead(self, connection: sqlite3.Connection) -> None:
        """Switch to the write-ahead log; SQLite does not wait for others here."""
        deadline = monotonic() + self._busy_seconds
        while True:
            try:
                connection.execute("PRAGMA journal_mode=WAL").fetchall()
            except sqlite3.OperationalError as error:
                is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not is_busy or monotonic() > deadline:
                    connection.close()
                    raise
                sleep(_BUSY_PAUSE_SECONDS)
            else:
                return

    def _take(self) -> sqlite3.Connection:
        try:
            return self._idle.get_nowait()
        except Empty:
            try:
                return self.open()
            except sqlite3.Error as error:
                raise explained(error, self.path) from error


class Growth:
    """Whether the file has changed since it was last asked, for a few microseconds.

    PRAGMA data_version changes when another connection has committed.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._seen = -1

    def has_happened(self) -> bool:
        (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        grown = bool(version != self._seen)
        self._seen = version
        return grown

    def close(self) -> None:
        self._connection.close()


def explained(error: BaseException, path: Path) -> StorageError:
    """Say in a sentence what an error of SQLite means for a person."""
    text = str(error)
    if "locked" in text or "busy" in text:
        return LogBusyError(f"{path} is locked by another process: try again")
    if "full" in text or "disk I/O error" in text:
        return LogFullError(
            f"cannot write to {path} ({text}): free room on the disk, then try again"
        )
    return StorageError(f"{path}: {text}")
