"""Questions to the read models."""

from collections.abc import Mapping, Sequence
from time import monotonic, sleep
from typing import Any

from application.access import ALL
from application.adapters.database import Database, Growth
from application.projections.projector import position_in

Row = dict[str, Any]

# How often a waiting answer looks whether its own events are projected, in seconds.
_LOOK_SECONDS = 0.002


class Views:
    """The read models as they are now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def position(self) -> int:
        """Return how far the read models have come in the log."""
        with self._database.reading() as connection:
            return position_in(connection)

    def growth(self) -> Growth:
        """Watch for changes of the read models by anybody."""
        return self._database.growth()

    def wait_for(self, position: int, *, limit_seconds: float) -> bool:
        """Wait until the read models show a position; False when the limit passed."""
        if self.position() >= position:
            return True
        deadline = monotonic() + limit_seconds
        growth = self.growth()
        try:
            while not growth.has_happened() or self.position() < position:
                if monotonic() > deadline:
                    return False
                sleep(_LOOK_SECONDS)
        finally:
            growth.close()
        return True

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[Row]:
        """Ask in SQL; one mapping a row."""
        with self._database.reading() as connection:
            cursor = connection.execute(query, tuple(parameters))
            names = [column[0] for column in cursor.description or ()]
            return [dict(zip(names, row, strict=True)) for row in cursor]

    def one(self, table: str, row_id: str) -> Row | None:
        """Return the row of one thing, or None."""
        found = self.rows(f"SELECT * FROM {table} WHERE id = ?", [row_id])  # noqa: S608
        return found[0] if found else None

    def all(self, table: str, where: Mapping[str, Any] | None = None) -> list[Row]:
        """Return all rows with these values, newest first."""
        where = where or {}
        conditions = " AND ".join(f"{column} = ?" for column in where) or ALL.text
        return self.rows(
            f"SELECT * FROM {table} WHERE {conditions}"  # noqa: S608
            " ORDER BY position DESC",
            list(where.values()),
        )
