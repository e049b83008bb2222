"""Moments of the log: a position, or a time that means the last position until then."""

import re
from datetime import UTC, datetime

from application.errors import InvalidError, RefusedError
from application.feed.pages import require_reached
from application.flashlog import Flashlog

NO_MOMENT = "Enter a position of the log or a date/time."

_UNQUOTED_PLUS = re.compile(r" (\d\d:?\d\d)$")
# SQLite's integers end here.
_POSITION_MAX = 2**63 - 1


class NotYetError(RefusedError):
    """What will have happened by then is not known."""


def position_of(flashlog: Flashlog, name: str, text: str) -> int:
    """Return the position that a text means; 0 is before everything.

    `name` is the field that has the text. Raises InvalidError, BeyondTheEndError for a
    position that there is not yet and NotYetError for a time to come: the answer about
    a moment is to be the same whenever it is asked for.
    """
    if text.isascii() and text.isdecimal():
        position = int(text[:20])
        if position > _POSITION_MAX:
            raise InvalidError.of(name, NO_MOMENT)
        require_reached(flashlog, position)
        return position
    at = _time(name, text)
    if at > flashlog.clock.now():
        msg = f"{at:%Y-%m-%dT%H:%M:%S.%fZ} has not come yet"
        raise NotYetError(msg)
    return flashlog.log.position_at(at)


def _time(name: str, text: str) -> datetime:
    try:
        # A plus sign that was not quoted has become a blank.
        found = datetime.fromisoformat(_UNQUOTED_PLUS.sub(r"+\1", text))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidError.of(name, NO_MOMENT) from None
