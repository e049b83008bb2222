"""Rows that another log has stored, put at the same positions of this one."""

from collections.abc import Sequence

from application.adapters.database import ConstraintError, Database
from application.errors import StorageError
from domain.transparency.leaf import StoredRow

INSERT = (
    "INSERT INTO event (position, originator_id, originator_version, topic, state,"
    " recorded_at) VALUES (?, ?, ?, ?, ?, ?)"
)


class LogInheritance:
    """Appends rows as they are; what must hold of a log, holds of them too."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(self, rows: Sequence[StoredRow]) -> None:
        """Append at the end, all or nothing. Raises StorageError."""
        try:
            with self._database.writing() as connection:
                connection.executemany(
                    INSERT,
                    [
                        (*row[:3], row.topic.decode(), row.state, row.recorded_at)
                        for row in rows
                    ],
                )
        except ConstraintError as error:
            msg = f"after position {rows[0].position - 1}: {error}"
            raise StorageError(msg) from error
