"""Images that were deleted: what is shown of operations and devices names them no more.

The stories go on to name them: what was flashed years ago can be told for ever.
"""

import sqlite3
from uuid import UUID

from application.projections.rows.shown import Row


def note_gone(connection: sqlite3.Connection, image_id: UUID) -> None:
    """Let operations and devices lose an image that was deleted."""
    gone = (str(image_id),)
    connection.execute("INSERT OR IGNORE INTO image_gone (id) VALUES (?)", gone)
    connection.execute("UPDATE operation SET image_id = NULL WHERE image_id = ?", gone)
    connection.execute(
        "UPDATE device SET firmware_id = NULL, image_id = NULL, installed = 0"
        " WHERE image_id = ?",
        gone,
    )


def without_gone(connection: sqlite3.Connection, row: Row) -> Row:
    """Take an image that is gone out of a row, and with it a device's firmware."""
    if not row.get("image_id"):
        return row
    found = connection.execute(
        "SELECT 1 FROM image_gone WHERE id = ?", (row["image_id"],)
    ).fetchone()
    if found is None:
        return row
    firmware = {"firmware_id": None, "installed": 0} if "firmware_id" in row else {}
    return row | {"image_id": None} | firmware
