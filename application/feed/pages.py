"""The log a page at a time, with whose each event is."""

from collections.abc import Sequence

import msgspec

from application.errors import RefusedError
from application.feed.audience import Audience
from application.feed.occurrence import Occurrence, source_of
from application.flashlog import Flashlog
from application.log import Entry
from application.queries.belonging import belongings

# Small enough that whoever waits for the interpreter waits for milliseconds.
PAGE_EVENTS = 200
# How much of the log one question may look through.
_LOOKED_THROUGH_MAX = 5000


class BeyondTheEndError(RefusedError):
    """Asked to go on after a position that the log has not reached."""


class Page(msgspec.Struct, frozen=True):
    """The events after one position and up to another."""

    after: int
    position: int
    occurrences: Sequence[Occurrence]


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """The events that were asked for; `position` is where to go on after."""

    occurrences: Sequence[Occurrence]
    position: int
    is_caught_up: bool


def require_reached(flashlog: Flashlog, position: int) -> None:
    """Raise BeyondTheEndError for a position that there is not yet.

    Whoever asks for one has followed another log, or this one before a restore.
    """
    end = flashlog.log.end()
    if position > end:
        msg = (
            f"there is no position {position}: the log ends at {end}. If it was "
            "restored from a backup, read it again from the start"
        )
        raise BeyondTheEndError(msg)


def read_page(
    flashlog: Flashlog, *, after: int, until: int, limit: int = PAGE_EVENTS
) -> Page | None:
    """Return the next page; None while the read models cannot say whose it is."""
    entries = flashlog.log.read(after=after, limit=min(limit, until - after))
    if len(entries) == limit:
        entries = _whole_saves(entries)
    if not entries:
        return None
    known, owners = belongings(flashlog.views, [entry.event for entry in entries])
    if known < entries[-1].position:
        return None
    source = source_of(flashlog.installation)
    occurrences = [
        Occurrence(entry, owner, source=source)
        for entry, owner in zip(entries, owners, strict=True)
    ]
    return Page(after, entries[-1].position, occurrences)


def find_before(
    flashlog: Flashlog, audience: Audience, *, before: int, limit: int
) -> Found:
    """Return up to `limit` events before a position, newest first.

    `position` is where to go on before; 1 where the start of the log was reached. Where
    few are wanted, only a part of the log is looked through.
    """
    found: list[Occurrence] = []
    position = min(before, flashlog.views.position() + 1)
    last = max(1, position - _LOOKED_THROUGH_MAX)
    while position > last and len(found) < limit:
        after = max(0, position - 1 - PAGE_EVENTS)
        # Asked for more than there are, so that no save is left to a next page.
        page = read_page(
            flashlog, after=after, until=position - 1, limit=PAGE_EVENTS + 1
        )
        if page is None:
            break
        position = after + 1
        found += filter(audience.takes, reversed(page.occurrences))
    if len(found) > limit:
        found = found[:limit]
        position = found[-1].position
    return Found(occurrences=found, position=position, is_caught_up=position == 1)


def find(flashlog: Flashlog, audience: Audience, *, after: int, limit: int) -> Found:
    """Return up to `limit` events; where few are wanted, look through a part only."""
    end = flashlog.views.position()
    found: list[Occurrence] = []
    position = after
    while position < min(end, after + _LOOKED_THROUGH_MAX) and len(found) < limit:
        page = read_page(flashlog, after=position, until=end, limit=PAGE_EVENTS)
        if page is None:
            break
        position = page.position
        found += filter(audience.takes, page.occurrences)
    if len(found) > limit:
        found = found[:limit]
        position = found[-1].position
    # Read models that are being made anew are behind any reader.
    is_caught_up = after <= end <= position
    return Found(occurrences=found, position=position, is_caught_up=is_caught_up)


def _whole_saves(entries: list[Entry]) -> list[Entry]:
    """Leave the last save to the next page: its end may be there."""
    last = entries[-1].recorded_at
    whole = [entry for entry in entries if entry.recorded_at != last]
    return whole or entries
