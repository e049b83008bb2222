"""The log's tree as it is kept: tiles, checkpoints, known to whom."""

from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files

import msgspec

from application.adapters.database import Connection, Database
from application.adapters.log.appending import require_format
from application.errors import StorageError

AUDIT_FORMAT = 1

_CHUNK = 500


class KeptCheckpoint(msgspec.Struct, frozen=True):
    """A checkpoint as it is kept: the note, and the vkey of who signed it."""

    size: int
    note: str
    vkey: str


class AuditStore:
    """May be read by many; one writes, guarded by the caller."""

    def __init__(self, database: Database) -> None:
        self._database = database
        require_format(database, AUDIT_FORMAT, self._make)

    def tile(self, level: int, number: int) -> bytes:
        """Return the hashes of a tile; nothing where there is none."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT hashes FROM tile WHERE level = ? AND number = ?",
                (level, number),
            ).fetchone()
        return bytes(found[0]) if found else b""

    def newest(self) -> KeptCheckpoint | None:
        """Return the newest checkpoint; the tree has its size."""
        return next(self._select("ORDER BY size DESC LIMIT 1", ()), None)

    def checkpoint(self, size: int) -> KeptCheckpoint | None:
        return next(self._select("WHERE size = ?", (size,)), None)

    def checkpoints(self) -> Iterator[KeptCheckpoint]:
        """Read all checkpoints, oldest first, a few at a time."""
        after = -1
        while True:
            found = list(
                self._select("WHERE size > ? ORDER BY size LIMIT ?", (after, _CHUNK))
            )
            yield from found
            if len(found) < _CHUNK:
                return
            after = found[-1].size

    def grow(
        self,
        tiles: Mapping[tuple[int, int], bytes],
        checkpoints: Sequence[KeptCheckpoint] = (),
    ) -> None:
        """Keep tiles, and checkpoints of them, all or nothing.

        Tiles are those of the newest checkpoint: who would go back behind it has lost
        the role to somebody else. Raises StorageError.
        """
        with self._database.writing() as connection:
            if tiles and checkpoints:
                _require_newest(connection, checkpoints[0].size)
            connection.executemany(
                "INSERT INTO tile VALUES (?, ?, ?)"
                " ON CONFLICT (level, number) DO UPDATE SET hashes = excluded.hashes",
                [(*place, hashes) for place, hashes in tiles.items()],
            )
            connection.executemany(
                "INSERT INTO checkpoint VALUES (?, ?, ?)",
                [(each.size, each.note, each.vkey) for each in checkpoints],
            )

    def cosign(self, size: int, note: str) -> None:
        """Keep a note that has more signatures than before."""
        with self._database.writing() as connection:
            connection.execute(
                "UPDATE checkpoint SET note = ? WHERE size = ?", (note, size)
            )

    def known_to(self, witness: str) -> int:
        """Return the size of the newest checkpoint that a witness has taken."""
        with self._database.reading() as connection:
            found = connection.execute(
                "SELECT size FROM witness WHERE name = ?", (witness,)
            ).fetchone()
        return int(found[0]) if found else 0

    def witnessed(self) -> int:
        """Return the size of the newest checkpoint that any witness has taken."""
        with self._database.reading() as connection:
            (size,) = connection.execute(
                "SELECT coalesce(max(size), 0) FROM witness"
            ).fetchone()
        return int(size)

    def note_known(self, witness: str, size: int) -> None:
        with self._database.writing() as connection:
            connection.execute(
                "INSERT INTO witness VALUES (?, ?)"
                " ON CONFLICT (name) DO UPDATE SET size = excluded.size",
                (witness, size),
            )

    def close(self) -> None:
        self._database.close()

    def _select(self, rest: str, values: tuple[int, ...]) -> Iterator[KeptCheckpoint]:
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT size, note, vkey FROM checkpoint {rest}",  # noqa: S608
                values,
            ).fetchall()
        return (KeptCheckpoint(*row) for row in rows)

    def _make(self) -> None:
        schema = files("application.adapters").joinpath("audit.sql").read_text()
        self._database.make(schema, AUDIT_FORMAT)


def _require_newest(connection: Connection, size: int) -> None:
    (newest,) = connection.execute(
        "SELECT coalesce(max(size), 0) FROM checkpoint"
    ).fetchone()
    if newest >= size:
        msg = f"somebody else has signed {newest} events already"
        raise StorageError(msg)
