"""Follow one operation in the log, as a person at a terminal does.

Works with a service, with a runner in this process, or with neither: the log is asked
directly, nobody has to project first.
"""

from collections.abc import Iterator
from datetime import datetime
from threading import Event as Signal
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.procedure.story import line_of
from application.queries.people import name_of
from domain.base import Event
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


def moments(flashlog: Flashlog, operation_id: UUID) -> list[Moment]:
    """Tell the story so far. Raises NotFoundError."""
    operation = UpgradeOperation(operation_id)
    entries = flashlog.log.story(operation_id)
    if not entries or entries[0].event.AGGREGATE is not UpgradeOperation:
        msg = f"there is no operation {operation_id}"
        raise NotFoundError(msg)
    return [_after(flashlog, operation, entry) for entry in entries]


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
    operation = UpgradeOperation(operation_id)
    growth = flashlog.log.growth()
    try:
        while not stop.is_set():
            entries = (
                flashlog.log.story(operation_id, after=operation.version)
                if growth.has_happened()
                else []
            )
            for entry in entries:
                moment = _after(flashlog, operation, entry)
                yield moment
            if entries and moment.is_over:
                return
            if not entries:
                yield None
                stop.wait(_PAUSE_SECONDS)
    finally:
        growth.close()


def _after(flashlog: Flashlog, operation: UpgradeOperation, entry: Entry) -> Moment:
    operation.evolve(entry.event)
    is_waiting = isinstance(entry.event, SettlementPostponed)
    return Moment(
        position=entry.position,
        at=entry.recorded_at,
        event=type(entry.event).__name__,
        line=line_of(entry.event),
        by=_person(flashlog, entry.event),
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


def _person(flashlog: Flashlog, event: Event) -> str:
    """Return who is named by an event; some were done by Flashlog or by the router."""
    by = getattr(event, "by", None)
    return name_of(flashlog, by) if isinstance(by, UUID) else ""
