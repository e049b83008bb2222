"""Rows that another log has stored, put at the same positions of this one."""

from collections.abc import Sequence
from pathlib import Path

from application.adapters.database import ConstraintError
from application.adapters.sqlite.connections import Connections
from application.adapters.sqlite.log import SQLiteLog
from application.errors import StorageError
from domain.transparency.leaf import StoredRow

_INSERT = (
    "INSERT INTO event (position, originator_id, originator_version, topic, state,"
    " recorded_at) VALUES (?, ?, ?, ?, ?, ?)"
)


class LogInheritance:
    """Appends rows as they are; what must hold of a log, holds of them too."""

    def __init__(self, path: Path) -> None:
        SQLiteLog(path).close()  # makes it where it is not there yet
        self._connections = Connections(path)

    def append(self, rows: Sequence[StoredRow]) -> None:
        """Append at the end, all or nothing. Raises StorageError."""
        try:
            with self._connections.writing() as connection:
                connection.executemany(
                    _INSERT,
                    [
                        (*row[:3], row.topic.decode(), row.state, row.recorded_at)
                        for row in rows
                    ],
                )
        except ConstraintError as error:
            msg = f"after position {rows[0].position - 1}: {error}"
            raise StorageError(msg) from error

    def close(self) -> None:
        self._connections.close()
