"""Answers that list rows, and the parameters that order them."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from flask import Response, request

from application.projections.views import Row
from application.queries.lists import Order, Query
from web.api.pages import Page, paginated
from web.state import flashlog


def listed(query: Query, shown: Callable[[Row], dict[str, Any]]) -> Response:
    """Answer with the page that is asked for."""
    views = flashlog().views

    def rows(page: Page) -> list[dict[str, Any]]:
        found = query.page(views, limit=page.size, offset=page.offset)
        return [shown(row) for row in found]

    return paginated(query.count(views), rows)


def ordered(query: Query, names: Mapping[str, tuple[str, ...]]) -> Query:
    """Order by `?ordering=`, where it names something that may be ordered by."""
    asked = [
        Order(names[name.removeprefix("-")], descending=name.startswith("-"))
        for name in map(str.strip, request.args.get("ordering", "").split(","))
        if name.removeprefix("-") in names
    ]
    if not asked:
        return query
    # Ties are settled by age, so that pages neither repeat nor miss a row.
    table = query.source.partition(" ")[0]
    last = Order((f"{table}.position",))
    return msgspec.structs.replace(query, orders=(*asked, last))
