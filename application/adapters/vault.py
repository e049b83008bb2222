"""What the log must be able to forget: secrets and personal data, encrypted.

A SQLite file of sealed records, and the key in a file of its own. Each record is
sealed with AES-256-GCM for its own id and kind, so that one that was moved or swapped
does not open. Erasing a record is what erasing a person means.
"""

import contextlib
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.adapters.vault_key import (
    VaultBusyError,
    VaultDamagedError,
    VaultError,
    VaultKeyError,
    load_key,
    make_key,
)
from domain.errors import NotFoundError

CONFIGURATION_BACKUP = "configuration-backup"

_BUSY_SECONDS_MAX = 30.0
_BUSY_PAUSE_SECONDS = 0.02
_VERSION = 1
_NONCE_BYTES = 12
_BYTES, _MAPPING = b"b", b"m"
_SEAL_ID = UUID(int=0)
_SEAL_KIND = "seal"
# archives have a table of their own: the small records stay together, quick to read
_SCHEMA = """
PRAGMA user_version = 1;
CREATE TABLE IF NOT EXISTS record (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS archive (
    id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
"""
_INSERT_RECORD = "INSERT INTO record (id, kind, sealed) VALUES (?, ?, ?)"
_INSERT_ARCHIVE = "INSERT INTO archive (id, kind, sealed) VALUES (?, ?, ?)"
_SELECT = """
SELECT kind, sealed FROM record WHERE id = ?1
UNION ALL SELECT kind, sealed FROM archive WHERE id = ?1
"""


class Vault:
    """Sealed records in `path`, opened with the key in `key_path`.

    Both files are made at the first start. A vault whose key is missing or another's
    refuses to start with VaultKeyError. May be used by several threads and processes.
    """

    def __init__(self, path: Path, key_path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._make_file()
        self._take_key(key_path)

    def put(
        self,
        kind: str,
        value: bytes | Mapping[str, Any],
        *,
        record_id: UUID | None = None,
    ) -> UUID:
        """Seal bytes or a mapping of JSON values and return the record's id.

        With a `record_id` a record of this id is replaced, so a put can be repeated.
        It is on the disk when this returns. Raises VaultBusyError.
        """
        record_id = record_id or uuid4()
        sealed = self._seal(record_id, kind, _packed(value))
        is_archive = kind == CONFIGURATION_BACKUP
        with self._transaction() as connection:
            _delete(connection, record_id)
            connection.execute(
                _INSERT_ARCHIVE if is_archive else _INSERT_RECORD,
                (record_id.bytes, kind, sealed),
            )
        return record_id

    def get(self, record_id: UUID, *, kind: str | None = None) -> dict[str, Any]:
        """Return a mapping. Raises NotFoundError, also for another kind."""
        marker, content = self._content(record_id, kind)
        if marker != _MAPPING:
            raise TypeError(f"record {record_id} holds bytes: ask with get_bytes")
        return msgspec.msgpack.decode(content, type=dict[str, Any])

    def get_bytes(self, record_id: UUID, *, kind: str | None = None) -> bytes:
        """Return bytes. Raises NotFoundError, also for another kind."""
        marker, content = self._content(record_id, kind)
        if marker != _BYTES:
            raise TypeError(f"record {record_id} holds a mapping: ask with get")
        return content

    def erase(self, record_id: UUID) -> bool:
        """Remove a record beyond recovery from this file; False if there was none."""
        with self._transaction() as connection:
            erased = _delete(connection, record_id)
        with self._told() as connection:
            # the write-ahead log still has the row: move it into the file, where
            # secure_delete has overwritten it
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return erased

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy, still sealed with the same key, while in use."""
        _make_private(path)
        with self._told() as connection, contextlib.closing(_open(path)) as copy:
            connection.backup(copy)

    def close(self) -> None:
        """Close the calling thread's connection; the others close with their thread."""
        holder = getattr(self._local, "holder", None)
        if holder:
            holder.close()
            del self._local.holder

    def _make_file(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        _make_private(self._path)
        with self._told() as connection:
            _write_ahead(connection)
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > _VERSION:
                raise VaultError(
                    f"The vault {self._path} was made by a newer Flashlog (format "
                    f"{version}, this one knows {_VERSION}): update Flashlog."
                )
            connection.executescript(_SCHEMA)

    def _take_key(self, key_path: Path) -> None:
        """Take the key that this vault was sealed with; a new vault gets one.

        The seal is written only after the key is there, so a vault with a seal and
        without a key has lost it.
        """
        key = load_key(key_path) if self._row(_SEAL_ID) else make_key(key_path)
        self._aead = AESGCM(key)
        if not self._row(_SEAL_ID):
            seal = self._seal(_SEAL_ID, _SEAL_KIND, _BYTES)
            with self._transaction() as connection:
                connection.execute(
                    "INSERT OR IGNORE INTO record (id, kind, sealed) VALUES (?, ?, ?)",
                    (_SEAL_ID.bytes, _SEAL_KIND, seal),
                )
        try:
            self._content(_SEAL_ID, _SEAL_KIND)
        except VaultDamagedError:
            raise VaultKeyError(
                f"The key {key_path} does not fit the vault {self._path}: put the key "
                "file back that belongs to it (a backup has both)."
            ) from None

    def _row(self, record_id: UUID) -> tuple[str, bytes] | None:
        with self._told() as connection:
            row: tuple[str, bytes] | None = connection.execute(
                _SELECT, (record_id.bytes,)
            ).fetchone()
        return row

    def _content(self, record_id: UUID, kind: str | None) -> tuple[bytes, bytes]:
        row = self._row(record_id)
        if not row or kind not in {None, row[0]}:
            raise NotFoundError(f"There is no {kind or 'record'} {record_id}.")
        opened = self._opened(record_id, *row)
        return opened[:1], opened[1:]

    def _seal(self, record_id: UUID, kind: str, content: bytes) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, content, _bound_to(record_id, kind))

    def _opened(self, record_id: UUID, kind: str, sealed: bytes) -> bytes:
        nonce, content = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._aead.decrypt(nonce, content, _bound_to(record_id, kind))
        except (InvalidTag, ValueError):
            raise VaultDamagedError(
                f"Record {record_id} of the vault {self._path} is damaged or was "
                "changed by somebody: restore the vault from a backup."
            ) from None

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
                f"The vault {self._path} cannot be used just now ({error}): nothing "
                "was written. Check the room on its disk and who else uses it."
            ) from error
        except sqlite3.DatabaseError as error:
            raise VaultDamagedError(
                f"The vault {self._path} is damaged ({error}): restore it from a "
                "backup."
            ) from error

    def _connection(self) -> sqlite3.Connection:
        holder: _Holder | None = getattr(self._local, "holder", None)
        if holder and holder.process_id != os.getpid():
            _of_other_processes.append(holder)
            holder = None
        if not holder:
            holder = self._local.holder = _Holder(_open(self._path))
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


def _packed(value: bytes | Mapping[str, Any]) -> bytes:
    if isinstance(value, bytes):
        return _BYTES + value
    return _MAPPING + msgspec.msgpack.encode(dict(value))


def _bound_to(record_id: UUID, kind: str) -> bytes:
    return record_id.bytes + kind.encode()


def _delete(connection: sqlite3.Connection, record_id: UUID) -> bool:
    deleted = [
        connection.execute(statement, (record_id.bytes,)).rowcount
        for statement in (
            "DELETE FROM record WHERE id = ?",
            "DELETE FROM archive WHERE id = ?",
        )
    ]
    return any(deleted)
