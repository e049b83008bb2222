"""What a read model shows of one aggregate."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from domain.base import Aggregate

# Three of them fit into an entry of an index, in any script.
_FOUND_BY_CHARACTERS_MAX = 200

Row = dict[str, Any]
Showing = Mapping[type[Aggregate], Callable[[Any], "Shown"]]


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """A row and the rows that hang on it; `row` is None when the thing is no more.

    `children` are all rows of their tables whose `parent_id` is the aggregate's.
    """

    table: str
    row: Row | None
    children: Mapping[str, Sequence[Row]] = {}


def moment(at: datetime) -> str:
    """Write a time so that text order is time order: fixed width, UTC."""
    # Several times as fast as strftime.
    return f"{at.isoformat(timespec='microseconds')[:26]}Z"


def optional(value: UUID | None) -> str | None:
    return str(value) if value else None


def as_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def found_by(text: str) -> str:
    """Cut what an index is made of: no name is that long, what a router says may be.

    An entry of PostgreSQL's has room for 2704 bytes, and one row that it refuses would
    keep back all that come after it.
    """
    return text[:_FOUND_BY_CHARACTERS_MAX]
