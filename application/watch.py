"""Follow one operation, as a person at a terminal does.

In the log it works with a service, with a runner in this process, or with neither:
nobody has to project first. Elsewhere it is told from the events of the feed.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from threading import Event as Signal
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.procedure.story import line_of
from application.queries.people import name_of
from domain.errors import NotFoundError
from domain.operation.events import SettlementPostponed
from domain.operation.operation import UpgradeOperation

# How often the log is asked whether it has grown, in seconds.
_PAUSE_SECONDS = 0.05


class Moment(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it was after one event; `line` may be blank.

    `by` is the name of the person who did it, blank where Flashlog itself did.
    """

    position: int
    at: datetime
    event: str
    line: str
    by: str
    status: str
    phase: str
    progress: int
    owed: tuple[str, ...]
    next_visit_at: datetime | None
    held: str
    is_over: bool

    @property
    def is_final(self) -> bool:
        """Whether nothing can happen to it any more."""
        return self.status != "in-progress" and not (self.owed or self.held)


class Teller:
    """Tells an operation from its events; `name_of` knows people by their ids."""

    def __init__(self, operation_id: UUID, name_of: Callable[[UUID], str]) -> None:
        self._operation = UpgradeOperation(operation_id)
        self._name_of = name_of

    @property
    def version(self) -> int:
        """How many events were told."""
        return self._operation.version

    def tell(self, entry: Entry) -> Moment:
        """Take the next event."""
        event, operation = entry.event, self._operation
        operation.evolve(event)
        by = getattr(event, "by", None)
        is_waiting = isinstance(event, SettlementPostponed)
        return Moment(
            position=entry.position,
            at=entry.recorded_at,
            event=type(event).__name__,
            line=line_of(event),
            # Some were done by Flashlog or by the router.
            by=self._name_of(by) if isinstance(by, UUID) else "",
            status=operation.status,
            phase=operation.phase,
            progress=operation.progress,
            owed=tuple(sorted(operation.owed)),
            next_visit_at=operation.next_visit_at,
            held=operation.held,
            is_over=operation.is_settled
            or (operation.has_ended and is_waiting)
            or bool(operation.held),
        )


def moments(flashlog: Flashlog, operation_id: UUID) -> list[Moment]:
    """Tell the story so far. Raises NotFoundError."""
    entries = flashlog.log.story(operation_id)
    if not entries or entries[0].event.AGGREGATE is not UpgradeOperation:
        msg = f"there is no operation {operation_id}"
        raise NotFoundError(msg)
    teller = Teller(operation_id, partial(name_of, flashlog))
    return [teller.tell(entry) for entry in entries]


def watch(
    flashlog: Flashlog, operation_id: UUID, *, stop: Signal | None = None
) -> Iterator[Moment | None]:
    """Tell the story from its beginning on, until it is over or `stop` is set.

    None means that nothing happened for a moment. It is over when the operation has
    ended and owes nothing, when what it owes has to wait for the router, and when it
    is held for a person.
    """
    stop = stop or Signal()
    moments(flashlog, operation_id)
    teller = Teller(operation_id, partial(name_of, flashlog))
    growth = flashlog.log.growth()
    try:
        while not stop.is_set():
            entries = (
                flashlog.log.story(operation_id, after=teller.version)
                if growth.has_happened()
                else []
            )
            for entry in entries:
                moment = teller.tell(entry)
                yield moment
            if entries and moment.is_over:
                return
            if not entries:
                yield None
                stop.wait(_PAUSE_SECONDS)
    finally:
        growth.close()
