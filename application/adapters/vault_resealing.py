"""What is sealed in a vault sealed anew, whichever database it is in."""

from uuid import UUID

from application.adapters.database import Connection
from application.adapters.vault_key import Reseal


def reseal_all(connection: Connection, change: Reseal) -> int:
    """Change the sealed bytes of all rows within a transaction; returns how many."""
    count = 0
    for table in ("record", "archive"):
        ids = connection.execute(f"SELECT id FROM {table}").fetchall()  # noqa: S608
        for (record_id,) in ids:
            # One at a time: an archive may be large.
            kind, sealed = connection.execute(
                f"SELECT kind, sealed FROM {table} WHERE id = ?",  # noqa: S608
                (record_id,),
            ).fetchone()
            connection.execute(
                f"UPDATE {table} SET sealed = ? WHERE id = ?",  # noqa: S608
                (change(UUID(bytes=record_id), kind, sealed), record_id),
            )
        count += len(ids)
    return count
