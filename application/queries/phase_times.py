"""How long operations take, phase by phase, as the log tells it on."""

from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from time import monotonic
from uuid import UUID

import msgspec

from application.log import Entry, EventLog
from domain.base import rebuild
from domain.operation.events import OperationEvent
from domain.operation.operation import UpgradeOperation

_BATCH = 2000
# Those that ended are let go at once; of the others who moved last is kept.
_REMEMBERED = 20_000

# Takes what ended (a phase, or `operation`), how, and after how many seconds.
Heard = Callable[[str, str, float], None]

WHOLE = "operation"


class _Story(msgspec.Struct):
    operation: UpgradeOperation
    # When the phase began; None where that was before we listened.
    since: datetime | None
    begun_at: datetime


class PhaseTimes:
    """Listens to the log from where it ends now.

    A phase is told when it has ended, a whole operation with its outcome. What has
    begun before is told from its next phase on.
    """

    def __init__(self, log: EventLog, heard: Heard) -> None:
        self._log = log
        self._heard = heard
        self._position = log.end()
        self._stories: OrderedDict[UUID, _Story] = OrderedDict()
        self._lock = Lock()

    def hear(self, *, limit_seconds: float) -> None:
        """Take in what has happened since; what the limit leaves comes next time."""
        with self._lock:
            deadline = monotonic() + limit_seconds
            while entries := self._log.read(after=self._position, limit=_BATCH):
                for entry in entries:
                    if isinstance(entry.event, OperationEvent):
                        self._take(entry)
                self._position = entries[-1].position
                if monotonic() > deadline:
                    return

    def _take(self, entry: Entry) -> None:
        event = entry.event
        story = self._story_before(entry)
        if story is None:
            return
        operation = story.operation
        phase, had_ended = operation.phase, operation.has_ended
        operation.evolve(event)
        if not had_ended and (operation.has_ended or operation.phase != phase):
            if story.since is not None:
                seconds = (entry.recorded_at - story.since).total_seconds()
                self._heard(phase, operation.status, seconds)
            story.since = entry.recorded_at
        if not had_ended and operation.has_ended:
            seconds = (entry.recorded_at - story.begun_at).total_seconds()
            self._heard(WHOLE, operation.status, seconds)
        if operation.is_settled:
            self._stories.pop(operation.id, None)

    def _story_before(self, entry: Entry) -> _Story | None:
        """Return what has been before the event; None where that cannot be known."""
        event = entry.event
        operation_id = event.originator_id
        story = self._stories.pop(operation_id, None)
        before = event.originator_version - 1
        if story is None or story.operation.version != before:
            story = self._begun(entry) if before == 0 else self._read(entry)
        if story is not None:
            self._stories[operation_id] = story
        if len(self._stories) > _REMEMBERED:
            self._stories.popitem(last=False)
        return story

    def _begun(self, entry: Entry) -> _Story:
        operation = UpgradeOperation(entry.event.originator_id)
        return _Story(operation, entry.recorded_at, entry.recorded_at)

    def _read(self, entry: Entry) -> _Story | None:
        version = entry.event.originator_version - 1
        told = self._log.story(entry.event.originator_id, until=version)
        operation = rebuild(None, [each.event for each in told])
        if not isinstance(operation, UpgradeOperation):
            return None
        return _Story(operation, None, told[0].recorded_at)
