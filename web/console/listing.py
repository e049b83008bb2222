"""Lists of the console: the page of rows that is asked for, and the way to others."""

from collections.abc import Callable, Sequence
from math import ceil
from typing import Any
from urllib.parse import urlencode

import msgspec
from flask import request

from web.answers import AnswerError
from web.api.pages import Page


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a list. `asked` are the filters that narrow it, for its links."""

    rows: Sequence[Any]
    page: Page
    asked: Sequence[tuple[str, str]]

    @classmethod
    def of(
        cls,
        count: int,
        rows: Callable[[Page], Sequence[Any]],
        *,
        size: int = 50,
    ) -> "Listing":
        """Read `page` and fetch its rows; the last one where there are fewer by now."""
        try:
            page = Page.asked(count, size=size)
        except AnswerError:
            page = Page(number=max(1, ceil(count / size)), size=size, count=count)
        asked = [
            (name, value)
            for name, value in request.args.items(multi=True)
            if name != "page" and value
        ]
        return cls(rows=rows(page), page=page, asked=asked)

    @property
    def first(self) -> int:
        """The number of the first row shown; 0 where there is none."""
        return self.page.offset + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.page.offset + len(self.rows)

    @property
    def previous_link(self) -> str | None:
        return self._link(self.page.number - 1) if self.page.number > 1 else None

    @property
    def next_link(self) -> str | None:
        return self._link(self.page.number + 1) if self.last < self.page.count else None

    @property
    def is_narrowed(self) -> bool:
        """Whether a filter may hide rows."""
        return bool(self.asked)

    def _link(self, number: int) -> str:
        return "?" + urlencode([*self.asked, ("page", str(number))])
