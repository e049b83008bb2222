"""The SQLite file of the vault: rows of id, kind and sealed bytes.

One connection a thread, closed when the thread ends; several processes may use the
file. What SQLite complains of is said in our words.
"""

import contextlib
import os
import sqlite3
import threading
import time
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from uuid import UUID

from application.adapters.vault_key import (
    Reseal,
    VaultBusyError,
    VaultDamagedError,
    VaultError,
)
from application.adapters.vault_resealing import reseal_all

_BUSY_SECONDS_MAX = 30.0
_BUSY_PAUSE_SECONDS = 0.02
# older versions of SQLite take no more values in one question
_ASKED_AT_ONCE = 500
_VERSION = 1
# archives have a table of their own: the small records stay together, quick to read
_SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS record (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS archive (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
PRAGMA user_version = 1;
COMMIT;
"""
_SELECT = """
SELECT kind, sealed FROM record WHERE id = ?1
UNION ALL SELECT kind, sealed FROM archive WHERE id = ?1
"""
_INSERT_RECORD = "INSERT INTO record (id, kind, sealed) VALUES (?, ?, ?)"
_INSERT_ARCHIVE = "INSERT INTO archive (id, kind, sealed) VALUES (?, ?, ?)"
_INSERT_FIRST = "INSERT OR IGNORE INTO record (id, kind, sealed) VALUES (?, ?, ?)"


class VaultFile:
    """Rows in the file `path`, which is made, private, where it is missing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path)
        self._local = threading.local()
        path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(path)
        with self._told() as connection:
            _write_ahead(connection)
            self._check_version(connection)

    def select(self, record_id: UUID) -> tuple[str, bytes] | None:
        """Return kind and sealed bytes, or None."""
        with self._told() as connection:
            row: tuple[str, bytes] | None = connection.execute(
                _SELECT, (record_id.bytes,)
            ).fetchone()
        return row

    def select_some(
        self, record_ids: Sequence[UUID]
    ) -> Iterator[tuple[UUID, str, bytes]]:
        """Yield id, kind and sealed bytes of the small records that there are."""
        with self._told() as connection:
            for start in range(0, len(record_ids), _ASKED_AT_ONCE):
                ids = [
                    each.bytes for each in record_ids[start : start + _ASKED_AT_ONCE]
                ]
                marks = ", ".join("?" * len(ids))
                for record_id, kind, sealed in connection.execute(
                    f"SELECT id, kind, sealed FROM record WHERE id IN ({marks})",  # noqa: S608
                    ids,
                ).fetchall():
                    yield UUID(bytes=record_id), kind, sealed

    def rows(self) -> Iterator[tuple[UUID, str, bytes, bool]]:
        """Yield all rows as they are; the last value tells whether of the archives."""
        for table in ("record", "archive"):
            with self._told() as connection:
                for record_id, kind, sealed in connection.execute(
                    f"SELECT id, kind, sealed FROM {table}"  # noqa: S608
                ):
                    yield UUID(bytes=record_id), kind, sealed, table == "archive"

    def ids(self, kinds: Collection[str]) -> set[UUID]:
        """Return the ids of the rows of these kinds."""
        asked = ", ".join(f"?{number}" for number in range(1, len(kinds) + 1))
        with self._told() as connection:
            found = connection.execute(
                f"SELECT id FROM record WHERE kind IN ({asked})"  # noqa: S608
                f" UNION ALL SELECT id FROM archive WHERE kind IN ({asked})",
                tuple(kinds),
            ).fetchall()
        return {UUID(bytes=record_id) for (record_id,) in found}

    def replace(
        self, record_id: UUID, kind: str, sealed: bytes, *, is_archive: bool
    ) -> None:
        with self._transaction() as connection:
            _delete(connection, record_id)
            connection.execute(
                _INSERT_ARCHIVE if is_archive else _INSERT_RECORD,
                (record_id.bytes, kind, sealed),
            )

    def insert_first(self, record_id: UUID, kind: str, sealed: bytes) -> None:
        """Insert a row unless there is one of this id: the first one stays."""
        with self._transaction() as connection:
            connection.execute(_INSERT_FIRST, (record_id.bytes, kind, sealed))

    def reseal(self, change: Reseal) -> int:
        """Change the sealed bytes of all rows, all or none; returns how many."""
        with self._transaction() as connection:
            count = reseal_all(connection, change)
        self._empty_log()
        return count

    def delete(self, record_id: UUID) -> bool:
        """Delete a row so that its bytes are gone from the file; False for none."""
        with self._transaction() as connection:
            deleted = _delete(connection, record_id)
        self._empty_log()
        return deleted

    def _empty_log(self) -> None:
        """Move what the write-ahead log has into the file.

        It still has what was there before; in the file secure_delete has overwritten
        that.
        """
        with self._told() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def copy_to(self, path: Path) -> None:
        _make_private(path)
        with self._told() as connection, contextlib.closing(_open(path)) as copy:
            connection.backup(copy)

    def close(self) -> None:
        """Close the calling thread's connection; the others close with their thread."""
        holder: _Holder | None = getattr(self._local, "holder", None)
        if holder:
            holder.close()
            del self._local.holder

    def _check_version(self, connection: sqlite3.Connection) -> None:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > _VERSION:
            raise VaultError(
                f"The vault {self.path} was made by a newer Flashlog (format "
                f"{version}, this one knows {_VERSION}): update Flashlog."
            )
        if not version:
            connection.executescript(_SCHEMA)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._told() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

    @contextlib.contextmanager
    def _told(self) -> Iterator[sqlite3.Connection]:
        """Give this thread's connection; say in our words what SQLite complains of."""
        try:
            yield self._connection()
        except sqlite3.OperationalError as error:
            raise VaultBusyError(
                f"The vault {self.path} cannot be used just now ({error}): nothing "
                "was written. Check the room on its disk and who else uses it."
            ) from error
        except sqlite3.DatabaseError as error:
            raise VaultDamagedError(
                f"The vault {self.path} is damaged ({error}): restore it from a backup."
            ) from error

    def _connection(self) -> sqlite3.Connection:
        holder: _Holder | None = getattr(self._local, "holder", None)
        if holder and holder.process_id != os.getpid():
            _of_other_processes.append(holder)
            holder = None
        if not holder:
            holder = self._local.holder = _Holder(_open(self.path))
        return holder.connection


class _Holder:
    """A connection that is closed when its thread ends."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.process_id = os.getpid()
        self.connection = connection

    def close(self) -> None:
        if self.process_id == os.getpid():
            self.connection.close()

    __del__ = close


# a forked child must neither use nor close what its parent opened
_of_other_processes: list[_Holder] = []


def _open(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        timeout=_BUSY_SECONDS_MAX,
        isolation_level=None,
        # the thread that collects a connection need not be the one that opened it
        check_same_thread=False,
    )
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA secure_delete = ON")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to the write-ahead log; SQLite itself does not wait for others here."""
    deadline = time.monotonic() + _BUSY_SECONDS_MAX
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL").fetchall()
        except sqlite3.OperationalError as error:
            is_busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
            if not is_busy or time.monotonic() > deadline:
                raise
            time.sleep(_BUSY_PAUSE_SECONDS)
        else:
            return


def _make_private(path: Path) -> None:
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _delete(connection: sqlite3.Connection, record_id: UUID) -> bool:
    deleted = [
        connection.execute(statement, (record_id.bytes,)).rowcount
        for statement in (
            "DELETE FROM record WHERE id = ?",
            "DELETE FROM archive WHERE id = ?",
        )
    ]
    return any(deleted)
