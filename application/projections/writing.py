"""Rows as they are written: what is not news spares the indexes."""

import sqlite3
from collections.abc import Sequence
from uuid import UUID

from application.projections.rows import Row


def write(connection: sqlite3.Connection, table: str, row: Row) -> None:
    """Make a row what it is to be; write only the columns that are news."""
    found = connection.execute(
        f"SELECT {', '.join(row)} FROM {table} WHERE id = ?",  # noqa: S608
        (row["id"],),
    ).fetchone()
    if found is None:
        insert(connection, table, row)
        return
    news = {
        column: value
        for (column, value), before in zip(row.items(), found, strict=True)
        if value != before
    }
    if news:
        changes = ", ".join(f"{column} = ?" for column in news)
        connection.execute(
            f"UPDATE {table} SET {changes} WHERE id = ?",  # noqa: S608
            (*news.values(), row["id"]),
        )


def insert(connection: sqlite3.Connection, table: str, row: Row) -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})",  # noqa: S608
        tuple(row.values()),
    )


def delete(connection: sqlite3.Connection, table: str, row_id: UUID) -> None:
    connection.execute(f"DELETE FROM {table} WHERE id = ?", (str(row_id),))  # noqa: S608


def replace_children(
    connection: sqlite3.Connection,
    table: str,
    parent_id: UUID,
    children: Sequence[Row],
) -> None:
    """Make the rows that hang on a thing what they are to be, in their order."""
    rows = [{"parent_id": str(parent_id), **child} for child in children]
    if rows:
        found = connection.execute(
            f"SELECT {', '.join(rows[0])} FROM {table}"  # noqa: S608
            " WHERE parent_id = ? ORDER BY rowid",
            (str(parent_id),),
        )
        if found.fetchall() == [tuple(row.values()) for row in rows]:
            return
    connection.execute(
        f"DELETE FROM {table} WHERE parent_id = ?",  # noqa: S608
        (str(parent_id),),
    )
    for row in rows:
        insert(connection, table, row)
