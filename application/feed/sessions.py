"""Sessions of browsers that somebody has logged out of."""

from collections.abc import Iterable
from uuid import UUID

from application.feed.occurrence import Occurrence
from domain.user import LoggedOut


def ended_sessions(occurrences: Iterable[Occurrence]) -> frozenset[UUID]:
    """Return which sessions ended with what happened."""
    events = (each.entry.event for each in occurrences)
    return frozenset(
        event.session_id for event in events if isinstance(event, LoggedOut)
    )
