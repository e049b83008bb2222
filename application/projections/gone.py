"""Images that were deleted: what is shown of operations and devices names them no more.

The stories go on to name them: what was flashed years ago can be told for ever.
"""

from collections.abc import Collection, Sequence

from application.adapters.database import Connection
from application.projections.rows import Row
from application.projections.writing import stored


def note_gone(connection: Connection, image_ids: Collection[str]) -> None:
    """Let operations and devices lose images that were deleted."""
    gone = [(image_id,) for image_id in image_ids]
    if not gone:
        return
    connection.executemany(
        "INSERT INTO image_gone (id) VALUES (?) ON CONFLICT DO NOTHING", gone
    )
    connection.executemany(
        "UPDATE operation SET image_id = NULL WHERE image_id = ?", gone
    )
    connection.executemany(
        "UPDATE device SET firmware_id = NULL, image_id = NULL, installed = 0"
        " WHERE image_id = ?",
        gone,
    )


def without_gone(connection: Connection, rows: Sequence[Row]) -> list[Row]:
    """Take images that are gone out of rows, and with them a device's firmware."""
    named = {row["image_id"] for row in rows if row["image_id"]}
    gone = stored(connection, "image_gone", named)
    return [_without(row) if row["image_id"] in gone else row for row in rows]


def _without(row: Row) -> Row:
    firmware = {"firmware_id": None, "installed": 0} if "firmware_id" in row else {}
    return row | {"image_id": None} | firmware
