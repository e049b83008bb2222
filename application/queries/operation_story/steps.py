"""The phases of an operation, each with when it began and how long it took."""

from datetime import datetime
from enum import StrEnum

import msgspec

from application.queries.operation_story.retelling import Retold
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Phase, Status

_ORDER = (
    Phase.QUEUED,
    Phase.CONNECTING,
    Phase.CHECKING,
    Phase.FREEING_MEMORY,
    Phase.UPLOADING,
    Phase.TESTING,
    Phase.FLASHING,
    Phase.REBOOTING,
    Phase.VERIFYING,
)


class State(StrEnum):
    """How far a step is; `STOPPED` is where the operation ended, or waits to retry."""

    DONE = "done"
    CURRENT = "current"
    STOPPED = "stopped"
    COMING = "coming"
    SKIPPED = "skipped"


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One phase of the latest attempt. `seconds` is None until it is over."""

    phase: str
    state: State
    begun_at: datetime | None = None
    seconds: float | None = None


def steps(retold: Retold) -> list[Step]:
    """Return every phase in its order, as the latest attempt has it."""
    begun, ended, last = _times(retold)
    operation = retold.operation
    found = []
    for phase in _ORDER:
        since, until = begun.get(phase), ended.get(phase)
        seconds = (until - since).total_seconds() if since and until else None
        found.append(
            Step(
                phase=phase,
                state=_state(operation, phase, last, has_begun=phase in begun),
                begun_at=since,
                seconds=seconds,
            )
        )
    return found


def _times(
    retold: Retold,
) -> tuple[dict[Phase, datetime], dict[Phase, datetime], Phase]:
    """Return when phases began and ended, and the last one that is a step."""
    begun: dict[Phase, datetime] = {}
    ended: dict[Phase, datetime] = {}
    last = before = Phase.QUEUED
    operation = UpgradeOperation(retold.operation.id)
    for entry in retold.entries:
        had_ended = operation.has_ended
        operation.evolve(entry.event)
        if isinstance(entry.event, events.AttemptBegun | events.Postponed):
            begun = {p: at for p, at in begun.items() if p is Phase.QUEUED}
            ended = {}
        phase = operation.phase
        is_over = operation.has_ended and not had_ended
        if phase is not before or is_over:
            ended[before] = entry.recorded_at
        begun.setdefault(phase, entry.recorded_at)
        before = phase
        last = phase if phase in _ORDER else last
    if not operation.has_ended:
        ended.pop(before, None)
    return begun, ended, last


def _state(
    operation: UpgradeOperation, phase: Phase, last: Phase, *, has_begun: bool
) -> State:
    if not has_begun:
        return State.SKIPPED if operation.has_ended else State.COMING
    if phase is not last or operation.status is Status.SUCCESS:
        return State.DONE
    waits = operation.phase is Phase.WAITING_TO_RETRY
    return State.STOPPED if operation.has_ended or waits else State.CURRENT
