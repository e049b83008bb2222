"""Rows as they are written: many at once, and what is not news spares the indexes."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec

from application.adapters.database import Connection
from application.projections.rows import Row

Stored = Mapping[str, Row]


def stored(
    connection: Connection, table: str, ids: Collection[str], *, columns: str = "*"
) -> dict[str, Row]:
    """Return the rows of these ids as they are, by their ids, in one question.

    `columns` begin with the one that has the ids.
    """
    if not ids:
        return {}
    key = "id" if columns == "*" else columns.partition(",")[0]
    rows = _ask(
        connection,
        f"SELECT {columns} FROM {table}"  # noqa: S608
        f" WHERE {key} IN (SELECT value FROM json_each(?))",
        ids,
    )
    return {row[key]: row for row in rows}


def write(
    connection: Connection, table: str, rows: Sequence[Row], before: Stored
) -> None:
    """Make rows of the same columns what they are to be; `before` is what they are."""
    new = [row for row in rows if row["id"] not in before]
    insert(connection, table, new)
    changed: defaultdict[tuple[str, ...], list[Row]] = defaultdict(list)
    for row in rows:
        was = before.get(row["id"])
        if was is not None and (news := _news(row, was)):
            changed[news].append(row)
    for columns, ones in changed.items():
        changes = ", ".join(f"{column} = ?" for column in columns)
        connection.executemany(
            f"UPDATE {table} SET {changes} WHERE id = ?",  # noqa: S608
            [[*map(row.__getitem__, columns), row["id"]] for row in ones],
        )


def _news(row: Row, before: Row) -> tuple[str, ...]:
    return tuple([column for column in row if row[column] != before[column]])


def insert(connection: Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows of the same columns."""
    if not rows:
        return
    marks = ", ".join("?" * len(rows[0]))
    connection.executemany(
        f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES ({marks})",  # noqa: S608
        [tuple(row.values()) for row in rows],
    )


def delete(
    connection: Connection, table: str, ids: Collection[str], *, key: str = "id"
) -> None:
    if ids:
        connection.execute(
            f"DELETE FROM {table}"  # noqa: S608
            f" WHERE {key} IN (SELECT value FROM json_each(?))",
            (as_list(ids),),
        )


def replace_children(
    connection: Connection, table: str, children: Mapping[str, Sequence[Row]]
) -> None:
    """Make the rows that hang on things what they are to be, by the things' ids.

    Each has its `place` among those of its thing.
    """
    wanted = {
        parent_id: [{"parent_id": parent_id, **child} for child in ones]
        for parent_id, ones in children.items()
    }
    before: defaultdict[str, list[Row]] = defaultdict(list)
    for row in _ask(
        connection,
        f"SELECT * FROM {table}"  # noqa: S608
        " WHERE parent_id IN (SELECT value FROM json_each(?))",
        wanted,
    ):
        before[row["parent_id"]].append(row)
    changed = [
        parent_id
        for parent_id, rows in wanted.items()
        if sorted(before[parent_id], key=itemgetter("place")) != rows
    ]
    gone = [parent_id for parent_id in changed if before[parent_id]]
    delete(connection, table, gone, key="parent_id")
    insert(connection, table, [row for each in changed for row in wanted[each]])


def as_list(ids: Iterable[str]) -> str:
    """Write ids as statements read them, by `json_each`."""
    return msgspec.json.encode(list(ids)).decode()


def _ask(connection: Connection, query: str, ids: Collection[str]) -> list[Row]:
    cursor = connection.execute(query, (as_list(ids),))
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in _rows(cursor)]


def _rows(cursor: Any) -> Iterable[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
