"""Operations as they were after each save, for those who are told of every one."""

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby
from uuid import UUID

import msgspec

from application.feed.occurrence import Occurrence
from application.log import Entry, EventLog
from application.procedure.story import render_log
from application.projections.rows import Row, moment, shown
from domain.operation.events import OperationEvent, Started
from domain.operation.operation import UpgradeOperation

# Stories of a few kilobytes each; whoever is told of one more waits for a moment.
_REMEMBERED = 1000


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """An operation as it was after one save.

    `is_afterword`: it had ended before that save, which only settled what was owed.
    `is_creation`: nothing has happened to it yet.
    """

    operation_id: UUID
    position: int
    row: Row
    lines: tuple[str, ...]
    recorded_at: datetime
    is_afterword: bool
    is_creation: bool


class OperationStories:
    """Tells the stories of operations on; one at a time, guarded by the caller."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._stories: OrderedDict[UUID, _Story] = OrderedDict()

    def after(self, save: Sequence[Occurrence]) -> Told:
        """Take one save of an operation into its story."""
        entries = [occurrence.entry for occurrence in save]
        first = entries[0].event
        story = self._stories.get(first.originator_id)
        if story is None or story.version != first.originator_version - 1:
            story = self._story_before(entries[0])
            self._stories[first.originator_id] = story
        self._stories.move_to_end(first.originator_id)
        while len(self._stories) > _REMEMBERED:
            self._stories.popitem(last=False)
        return story.take(entries)

    def _story_before(self, entry: Entry) -> "_Story":
        story = _Story(entry.event.originator_id)
        version = entry.event.originator_version - 1
        if version:
            story.take(self._log.story(story.operation_id, until=version))
        return story


class _Story:
    """The story of one operation as far as it was told."""

    def __init__(self, operation_id: UUID) -> None:
        self.operation_id = operation_id
        self._operation = UpgradeOperation(operation_id)
        self._lines: tuple[str, ...] = ()
        self._created: datetime | None = None

    @property
    def version(self) -> int:
        return self._operation.version

    def take(self, entries: Sequence[Entry]) -> Told:
        had_ended = self.version > 0 and self._operation.has_ended
        for entry in entries:
            self._operation.evolve(entry.event)
        self._lines += tuple(render_log(entries))
        self._created = self._created or entries[0].recorded_at
        latest = entries[-1]
        seen = shown(self._operation)
        row = (seen.row if seen else None) or {}
        return Told(
            operation_id=self.operation_id,
            position=latest.position,
            row=row
            | {
                "created": moment(self._created),
                "modified": moment(latest.recorded_at),
            },
            lines=self._lines,
            recorded_at=latest.recorded_at,
            is_afterword=had_ended,
            is_creation=isinstance(latest.event, Started),
        )


def saves(occurrences: Iterable[Occurrence]) -> Iterator[list[Occurrence]]:
    """Group what was appended at once: the same story at the same time."""
    for _, save in groupby(
        occurrences,
        key=lambda each: (each.entry.event.originator_id, each.entry.recorded_at),
    ):
        yield list(save)


def is_of_operation(occurrence: Occurrence) -> bool:
    return isinstance(occurrence.entry.event, OperationEvent)
