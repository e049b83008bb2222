"""Operations as the read models show them at one position."""

from typing import Literal
from uuid import UUID

from application.projections.views import Row, Views
from application.queries.lists import NO_LIMIT

Column = Literal["id", "device_id", "batch_id"]


def operations_now(
    views: Views, column: Column, value: UUID, *, limit: int = NO_LIMIT
) -> tuple[int, list[Row]]:
    """Return the position and the operations there, latest modified first.

    One statement, so that position and rows belong together; 0 without rows.
    """
    rows = views.rows(
        "SELECT *, (SELECT position FROM progress WHERE name = 'views') AS shown_at"  # noqa: S608 - a name of ours
        f" FROM operation WHERE {column} = ?"
        " ORDER BY modified DESC, position DESC LIMIT ?",
        [str(value), limit],
    )
    return (int(rows[0]["shown_at"]) if rows else 0), rows
