"""Which events a request asks for: read alike over HTTP and WebSocket."""

from uuid import UUID

from flask import request

from application.errors import InvalidError
from application.feed.audience import TYPES, Wanted
from application.feed.pages import require_reached
from application.flashlog import Flashlog

_END = "end"
# SQLite's integers end here.
_POSITION_MAX = 2**63 - 1
_DIGITS_MAX = len(str(_POSITION_MAX))


def asked_position(flashlog: Flashlog) -> int:
    """Read `after`; the end of the log for `end`, its start where nothing is said.

    Raises InvalidError, and BeyondTheEndError for a position that there is not.
    """
    text = request.args.get("after", "") or "0"
    if text == _END:
        return flashlog.log.end()
    position = whole("after", text)
    require_reached(flashlog, position)
    return position


def asked_events() -> Wanted:
    """Read the filters, each of which may be repeated. Raises InvalidError."""
    types = frozenset(filter(None, request.args.getlist("type")))
    if types - TYPES:
        unknown = ", ".join(sorted(types - TYPES))
        raise InvalidError.of("type", f"There is no event type {unknown}.")
    return Wanted(
        devices=_ids("device"),
        batches=_ids("batch"),
        operations=_ids("operation"),
        types=types,
    )


def whole(name: str, text: str) -> int:
    """Read a whole number of 0 or more. Raises InvalidError."""
    is_whole = text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MAX
    if not is_whole or int(text) > _POSITION_MAX:
        raise InvalidError.of(name, "A valid integer is required.")
    return int(text)


def _ids(name: str) -> frozenset[str]:
    try:
        values = filter(None, request.args.getlist(name))
        return frozenset(str(UUID(value)) for value in values)
    except ValueError:
        raise InvalidError.of(name, "Enter a valid UUID.") from None
