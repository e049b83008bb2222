"""What in the log a person should be told: failed, held, owed."""

from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from domain.batch import events as batch_events
from domain.device.device import Device
from domain.operation import events
from domain.operation.events import OperationEvent, SettlementPostponed, Started


class Kind(StrEnum):
    """Why a person is told."""

    FAILED = "failed"
    ABORTED = "aborted"
    HELD = "held"
    OWED = "owed"
    GIVEN_UP = "given-up"


class Occasion(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to tell of; ids are None where it is about none."""

    kind: Kind
    reason: str
    at: datetime
    position: int
    batch: UUID | None = None
    operation: UUID | None = None
    device: UUID | None = None
    device_name: str = ""


class Finder:
    """Reads on in the log."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog
        self._owed_for = timedelta(seconds=flashlog.settings.notice_owed_seconds)

    def occasion(self, entry: Entry) -> Occasion | None:
        """Return what an event is worth telling, if it is."""
        event = entry.event
        if isinstance(event, batch_events.Held):
            return Occasion(
                kind=Kind.HELD,
                reason=event.reason,
                at=entry.recorded_at,
                position=entry.position,
                batch=event.originator_id,
            )
        if not isinstance(event, OperationEvent):
            return None
        told = self._told(event)
        if told is None:
            return None
        kind, reason = told
        started = self._started(event.originator_id)
        return Occasion(
            kind=kind,
            reason=reason,
            at=entry.recorded_at,
            position=entry.position,
            batch=started.batch_id,
            operation=event.originator_id,
            device=started.device_id,
            device_name=self._name_of(started.device_id),
        )

    def _told(self, event: OperationEvent) -> tuple[Kind, str] | None:
        match event:
            case events.Failed():
                return Kind.FAILED, event.reason
            case events.Aborted():
                return Kind.ABORTED, event.reason
            case events.Held():
                return Kind.HELD, event.reason
            case events.ObligationGivenUp():
                owed = ", ".join(event.obligations)
                return Kind.GIVEN_UP, f"{owed}: {event.reason}"
            case SettlementPostponed() if self._is_owed_too_long(event):
                return Kind.OWED, event.cause
        return None

    def _is_owed_too_long(self, event: SettlementPostponed) -> bool:
        """Whether the limit passed just now: of many postponements one is told."""
        story = self._flashlog.log.story(
            event.originator_id, until=event.originator_version
        )
        times = [
            each.event.at
            for each in story
            if isinstance(each.event, SettlementPostponed)
        ]
        limit = times[0] + self._owed_for
        return times[-1] >= limit and not any(at >= limit for at in times[:-1])

    def _started(self, operation_id: UUID) -> Started:
        (first,) = self._flashlog.log.story(operation_id, until=1)
        if not isinstance(first.event, Started):
            msg = f"the log lacks the beginning of {operation_id}"
            raise TypeError(msg)
        return first.event

    def _name_of(self, device_id: UUID) -> str:
        device = self._flashlog.log.find(Device, device_id)
        return device.name if device else ""
