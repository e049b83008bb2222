"""An operation as it was after some of its events: the story told up to there."""

from collections.abc import Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.procedure.story import line_of
from application.queries.people import name_of
from domain.base import Event
from domain.errors import NotFoundError
from domain.operation import events
from domain.operation.operation import UpgradeOperation


class Line(msgspec.Struct, frozen=True, kw_only=True):
    """What one event says to people; `number` is its place in the story.

    `by` is the name of the person who did it, blank where Flashlog itself did.
    """

    number: int
    at: datetime
    text: str
    by: str = ""


class Retold(msgspec.Struct, frozen=True, kw_only=True):
    """The first events of an operation, and what they have made of it.

    `count` is how many events there are by now.
    """

    operation: UpgradeOperation
    entries: Sequence[Entry]
    count: int

    @property
    def number(self) -> int:
        """How many events are told: the place of the last one."""
        return len(self.entries)

    @property
    def is_past(self) -> bool:
        return self.number < self.count

    @property
    def last(self) -> Entry:
        return self.entries[-1]

    @property
    def started(self) -> events.Started:
        return cast("events.Started", self.entries[0].event)

    @property
    def ending(self) -> events.Ended | None:
        """Return how it ended, if it had by then."""
        ended = (e.event for e in self.entries if isinstance(e.event, events.Ended))
        return next(ended, None)

    @property
    def reason(self) -> str:
        """Why it ended as it did; blank while it goes on, and where nothing is said."""
        return str(getattr(self.ending, "reason", ""))

    @property
    def waits_for(self) -> str:
        """Why it waits: the cause of a retry or of another turn; blank if it does not.

        What an ended operation still owes is waited for, too.
        """
        event = self.last.event
        waiting = events.RetryScheduled | events.Postponed | events.SettlementPostponed
        return event.cause if isinstance(event, waiting) else ""


def retell(
    flashlog: Flashlog, operation_id: UUID, *, until: int | None = None
) -> Retold:
    """Tell an operation's story up to one of its events, by default all of it.

    Raises NotFoundError for an operation or an event that there is not.
    """
    story = flashlog.log.story(operation_id)
    if not story or story[0].event.AGGREGATE is not UpgradeOperation:
        msg = f"there is no operation {operation_id}"
        raise NotFoundError(msg)
    told = len(story) if until is None else until
    if not 0 < told <= len(story):
        msg = f"the operation has {len(story)} events: there is no number {until}"
        raise NotFoundError(msg)
    operation = UpgradeOperation(operation_id)
    for entry in story[:told]:
        operation.evolve(entry.event)
    return Retold(operation=operation, entries=story[:told], count=len(story))


def lines(flashlog: Flashlog, retold: Retold) -> list[Line]:
    """Return the lines of a story, oldest first.

    Of several in a row that only say how far an upload is, the last one is enough.
    """
    told: list[Line] = []
    was_advance = False
    for number, entry in enumerate(retold.entries, start=1):
        text = line_of(entry.event)
        if not text:
            continue
        is_advance = isinstance(entry.event, events.UploadAdvanced)
        if is_advance and was_advance:
            told.pop()
        was_advance = is_advance
        by = person(flashlog, entry.event)
        told.append(Line(number=number, at=entry.recorded_at, text=text, by=by))
    return told


def person(flashlog: Flashlog, event: Event) -> str:
    """Return who did it; blank where Flashlog itself or the router did."""
    by = getattr(event, "by", None)
    return name_of(flashlog, by) if isinstance(by, UUID) else ""
