"""The rows of the log as they are stored: nothing is decoded, nothing is believed."""

from collections.abc import Iterator, Sequence

from application.adapters.database import Database
from domain.transparency.leaf import StoredRow

_CHUNK = 2000
# A topic may be anything by now: its bytes are read, not a text.
_COLUMNS = (
    "position, originator_id, originator_version, CAST(topic AS BLOB), state,"
    " recorded_at"
)
_BEFORE_THE_FIRST = -(1 << 63)


class StoredRows:
    """Reads the table of the log, whoever wrote it; may read while others append."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, *, after: int, limit: int) -> Sequence[StoredRow]:
        """Read on from a position, in order."""
        with self._database.reading() as connection:
            rows = connection.execute(
                f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                " WHERE position > ? ORDER BY position LIMIT ?",
                (after, limit),
            ).fetchall()
        return [StoredRow._make(row) for row in rows]

    def all(self, *, until: int, after: int = 0) -> Iterator[StoredRow]:
        """Read all rows after a position and up to another one, a few at a time."""
        while rows := self.read(after=after, limit=min(_CHUNK, until - after)):
            for row in rows:
                if row.position > until:
                    return
                yield row
            after = rows[-1].position
            if after >= until:
                return

    def of_topic(self, topic: str) -> Iterator[StoredRow]:
        """Read all rows of one kind of event, a few at a time."""
        after = 0
        while True:
            with self._database.reading() as connection:
                rows = connection.execute(
                    f"SELECT {_COLUMNS} FROM event"  # noqa: S608
                    " WHERE topic = ? AND position > ? ORDER BY position LIMIT ?",
                    (topic, after, _CHUNK),
                ).fetchall()
            if not rows:
                return
            yield from map(StoredRow._make, rows)
            after = rows[-1][0]

    def end(self) -> int:
        """Return the last position; 0 where there is none."""
        with self._database.reading() as connection:
            (end,) = connection.execute(
                "SELECT coalesce(max(position), 0) FROM event"
            ).fetchone()
        return max(int(end), 0)

    def before_the_first(self) -> Sequence[int]:
        """Return positions before 1, where no event can be."""
        found = self.read(after=_BEFORE_THE_FIRST, limit=_CHUNK)
        return [row.position for row in found if row.position < 1]

    def close(self) -> None:
        self._database.close()
