"""The rows of the vault in PostgreSQL: id, kind and sealed bytes.

An erased row is gone for every question at once; its sealed bytes leave the server's
files when it cleans up (autovacuum), and its archives when those are thrown away.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from application.adapters.database import Connection, Database
from application.adapters.log.appending import require_format
from application.adapters.vault_key import Reseal, VaultLostError
from application.adapters.vault_resealing import reseal_all
from application.errors import StorageError

_FORMAT = 1
_ASKED_AT_ONCE = 500
_INSERT = "INSERT INTO {} (id, kind, sealed) VALUES (?, ?, ?)"
# As in the file: archives have a table of their own.
_SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
  id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS archive (
  id BLOB PRIMARY KEY, kind TEXT NOT NULL, sealed BLOB NOT NULL
);
"""


class VaultRows:
    """Rows in a database."""

    def __init__(self, database: Database) -> None:
        self.name = database.name
        self._database = database
        require_format(database, _FORMAT, lambda: database.make(_SCHEMA, _FORMAT))

    def select(self, record_id: UUID) -> tuple[str, bytes] | None:
        """Return kind and sealed bytes, or None."""
        with self._reading() as connection:
            found: tuple[str, bytes] | None = connection.execute(
                "SELECT kind, sealed FROM record WHERE id = ?1"
                " UNION ALL SELECT kind, sealed FROM archive WHERE id = ?1",
                (record_id.bytes,),
            ).fetchone()
        return found

    def select_some(
        self, record_ids: Sequence[UUID]
    ) -> Iterator[tuple[UUID, str, bytes]]:
        """Yield id, kind and sealed bytes of the small records that there are."""
        for start in range(0, len(record_ids), _ASKED_AT_ONCE):
            ids = [each.bytes for each in record_ids[start : start + _ASKED_AT_ONCE]]
            with self._reading() as connection:
                found = connection.execute(
                    "SELECT id, kind, sealed FROM record WHERE id = ANY (?)", (ids,)
                ).fetchall()
            for record_id, kind, sealed in found:
                yield UUID(bytes=record_id), kind, sealed

    def ids(self, kinds: Collection[str]) -> set[UUID]:
        """Return the ids of the rows of these kinds."""
        with self._reading() as connection:
            found = connection.execute(
                "SELECT id FROM record WHERE kind = ANY (?1)"
                " UNION ALL SELECT id FROM archive WHERE kind = ANY (?1)",
                (list(kinds),),
            ).fetchall()
        return {UUID(bytes=record_id) for (record_id,) in found}

    def replace(
        self, record_id: UUID, kind: str, sealed: bytes, *, is_archive: bool
    ) -> None:
        with self._writing() as connection:
            _delete(connection, record_id)
            connection.execute(
                _INSERT.format("archive" if is_archive else "record"),
                (record_id.bytes, kind, sealed),
            )

    def insert_first(self, record_id: UUID, kind: str, sealed: bytes) -> None:
        """Insert a row unless there is one of this id: the first one stays."""
        with self._writing() as connection:
            connection.execute(
                "INSERT INTO record (id, kind, sealed) VALUES (?, ?, ?)"
                " ON CONFLICT DO NOTHING",
                (record_id.bytes, kind, sealed),
            )

    def take_over(self, rows: Iterable[tuple[UUID, str, bytes, bool]]) -> None:
        """Take sealed rows as they are, all or nothing, where there are none yet."""
        with self._writing() as connection:
            found = connection.execute("SELECT 1 FROM record LIMIT 1").fetchone()
            if found is not None:
                return
            for record_id, kind, sealed, is_archive in rows:
                connection.execute(
                    _INSERT.format("archive" if is_archive else "record"),
                    (record_id.bytes, kind, sealed),
                )

    def reseal(self, change: Reseal) -> int:
        """Change the sealed bytes of all rows, all or none; returns how many."""
        with self._writing() as connection:
            return reseal_all(connection, change)

    def delete(self, record_id: UUID) -> bool:
        """Delete a row; False for none."""
        with self._writing() as connection:
            return _delete(connection, record_id)

    def copy_to(self, path: Path) -> None:
        msg = f"{self.name} is copied by PostgreSQL's own means (pg_dump)"
        raise NotImplementedError(msg)

    def close(self) -> None:
        self._database.close()

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with _told(), self._database.reading() as connection:
            yield connection

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with _told(), self._database.writing() as connection:
            yield connection


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StorageError as error:
        msg = f"The vault cannot be used just now ({error}): nothing was written."
        raise VaultLostError(msg) from error


def _delete(connection: Connection, record_id: UUID) -> bool:
    deleted = [
        connection.execute(
            f"DELETE FROM {table} WHERE id = ?",  # noqa: S608
            (record_id.bytes,),
        ).rowcount
        for table in ("record", "archive")
    ]
    return any(deleted)
