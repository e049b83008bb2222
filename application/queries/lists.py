"""Lists of anything: what the asking account may see, filtered, ordered, one page."""

from collections.abc import Sequence
from typing import Any

import msgspec

from application.access import ALL, Condition
from application.projections.views import Row, Views

# More than there can be.
NO_LIMIT = 1 << 62


class Order(msgspec.Struct, frozen=True):
    """Columns and a direction."""

    columns: tuple[str, ...]
    descending: bool = True


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Rows of a table, or of a join, that fit all conditions.

    `source` begins with the table whose rows are listed; `columns` is what is
    selected of each.
    """

    source: str
    columns: str
    conditions: tuple[Condition, ...] = ()
    orders: tuple[Order, ...] = (Order(("position",)),)

    def count(self, views: Views) -> int:
        text, values = self._where()
        (found,) = views.rows(
            f"SELECT count(*) AS found FROM {self.source} WHERE {text}",  # noqa: S608
            values,
        )
        return int(found["found"])

    def page(self, views: Views, *, limit: int, offset: int) -> list[Row]:
        text, values = self._where()
        return views.rows(
            f"SELECT {self.columns} FROM {self.source} WHERE {text}"  # noqa: S608
            f" ORDER BY {self._order()} LIMIT ? OFFSET ?",
            [*values, limit, offset],
        )

    def all(self, views: Views) -> list[Row]:
        return self.page(views, limit=NO_LIMIT, offset=0)

    def _where(self) -> tuple[str, Sequence[Any]]:
        text = " AND ".join(each.text for each in self.conditions) or ALL.text
        return text, [value for each in self.conditions for value in each.values]

    def _order(self) -> str:
        return ", ".join(
            f"{column} {'DESC' if order.descending else 'ASC'}"
            for order in self.orders
            for column in order.columns
        )
