"""Moments of the log: a position, or a time that means the last position until then."""

import re
from datetime import UTC, datetime

import msgspec

from application.errors import InvalidError, RefusedError
from application.feed.pages import require_reached
from application.flashlog import Flashlog

NO_MOMENT = "Enter a position of the log or a date/time."

_UNQUOTED_PLUS = re.compile(r" (\d\d:?\d\d)$")
# SQLite's integers end here.
_POSITION_MAX = 2**63 - 1


class Moment(msgspec.Struct, frozen=True):
    """A position of the log, and the time that it stands for."""

    position: int
    at: datetime


class NotYetError(RefusedError):
    """What will have happened by then is not known."""


def moment_of(flashlog: Flashlog, name: str, text: str) -> Moment:
    """Return the moment that a text means; of a position the time of its event.

    Raises what `position_of` does.
    """
    position = position_of(flashlog, name, text)
    if not _is_position(text):
        return Moment(position, _time(name, text))
    if not position:
        return start_of(flashlog)
    (entry,) = flashlog.log.read(after=position - 1, limit=1)
    return Moment(position, entry.recorded_at)


def start_of(flashlog: Flashlog) -> Moment:
    """Return the moment before the first event."""
    first = flashlog.log.read(after=0, limit=1)
    return Moment(0, first[0].recorded_at if first else flashlog.clock.now())


def now_of(flashlog: Flashlog) -> Moment:
    """Return the moment that is now."""
    return Moment(flashlog.log.end(), flashlog.clock.now())


def position_of(flashlog: Flashlog, name: str, text: str) -> int:
    """Return the position that a text means; 0 is before everything.

    `name` is the field that has the text. Raises InvalidError, BeyondTheEndError for a
    position that there is not yet and NotYetError for a time to come: the answer about
    a moment is to be the same whenever it is asked for.
    """
    if _is_position(text):
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


def _is_position(text: str) -> bool:
    return text.isascii() and text.isdecimal()


def _time(name: str, text: str) -> datetime:
    try:
        # A plus sign that was not quoted has become a blank.
        found = datetime.fromisoformat(_UNQUOTED_PLUS.sub(r"+\1", text))
        aware = found if found.tzinfo else found.replace(tzinfo=UTC)
        return aware.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidError.of(name, NO_MOMENT) from None
