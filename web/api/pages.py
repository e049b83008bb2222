"""A page of a list, and the way to its neighbours."""

import math
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import Response, request

from web.answers import json_answer, refusal
from web.state import state

_SIZE_MAX = 100


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """Which rows of a list are asked for."""

    number: int
    size: int
    count: int

    @classmethod
    def asked(cls, count: int, *, size: int | None = None) -> "Page":
        """Read `page` and, unless told, `page_size`. Raises AnswerError (404)."""
        size = size or _size()
        last = max(1, math.ceil(count / size))
        text = request.args.get("page") or "1"
        number = last if text == "last" else _whole(text)
        if not 1 <= number <= last:
            raise refusal(HTTPStatus.NOT_FOUND, "Invalid page.")
        return cls(number=number, size=size, count=count)

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size

    def answer(self, results: list[dict[str, Any]]) -> Response:
        has_next = self.number * self.size < self.count
        return json_answer(
            {
                "count": self.count,
                "next": _link(self.number + 1) if has_next else None,
                "previous": _link(self.number - 1) if self.number > 1 else None,
                "results": results,
            }
        )


def paginated(count: int, rows: Callable[[Page], list[dict[str, Any]]]) -> Response:
    page = Page.asked(count)
    return page.answer(rows(page))


def _size() -> int:
    default = state().flashlog.settings.page_size
    size = _whole(request.args.get("page_size", ""))
    return min(size if size > 0 else default, _SIZE_MAX)


def _whole(text: str) -> int:
    """Read digits; 0, which is no page and no size, for anything else."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - more digits than there will be rows


def _link(number: int) -> str:
    """Return this URL with another page; the first one needs no number."""
    others = [(k, v) for k, v in request.args.items(multi=True) if k != "page"]
    page = [("page", str(number))] if number > 1 else []
    query = urlencode(sorted(others + page))
    return f"{request.base_url}?{query}" if query else request.base_url
