"""From stories to rows, for the read models of now and for those of a moment.

An aggregate's own `evolve` makes the state that its row shows, so a read model cannot
tell another story than the aggregate. Many events are taken at once and each row is
written once for all of them.
"""

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from uuid import UUID

from application.log import Entry, EventLog
from application.projections.told import Told, Touched
from domain.base import Aggregate, rebuild
from domain.batch.batch import BatchTargets
from domain.operation.operation import UpgradeOperation

# Stories that are still being told; those that have ended are let go at once.
_REMEMBERED = 10_000


def told_whole(entries: Iterable[Entry]) -> Told:
    """Tell whole stories, each in its order."""
    begun: dict[UUID, tuple[Aggregate, Entry]] = {}
    last: dict[UUID, Entry] = {}
    for entry in entries:
        event = entry.event
        originator_id = event.originator_id
        if event.originator_version == 1:
            begun[originator_id] = (event.AGGREGATE(originator_id), entry)
        begun[originator_id][0].evolve(event)
        last[originator_id] = entry
    return Told(
        {
            story_id: Touched(
                aggregate,
                first.recorded_at,
                first.position,
                last[story_id].recorded_at,
            )
            for story_id, (aggregate, first) in begun.items()
        }
    )


class RowWriter:
    """Tells stories on, event by event; it remembers those that go on."""

    def __init__(self, log: EventLog) -> None:
        self._log = log
        self._stories: OrderedDict[UUID, Touched] = OrderedDict()

    def tell(self, entries: Sequence[Entry]) -> Told:
        """Take in the next events of the log."""
        touched: dict[UUID, Touched] = {}
        for entry in entries:
            event = entry.event
            story = touched.get(event.originator_id)
            if story is None:
                story = self._story_before(entry)
                touched[event.originator_id] = story
            story.aggregate.evolve(event)
            story.modified = entry.recorded_at
        return Told(touched)

    def forget_the_ended(self, told: Told) -> None:
        for each in told.touched.values():
            aggregate = each.aggregate
            if isinstance(aggregate, BatchTargets) or (
                isinstance(aggregate, UpgradeOperation) and aggregate.is_settled
            ):
                self._stories.pop(aggregate.id, None)
        while len(self._stories) > _REMEMBERED:
            self._stories.popitem(last=False)

    def forget_all(self) -> None:
        self._stories.clear()

    def _story_before(self, entry: Entry) -> Touched:
        event, at = entry.event, entry.recorded_at
        known = self._stories.get(event.originator_id)
        if (
            known is not None
            and known.aggregate.version == event.originator_version - 1
        ):
            self._stories.move_to_end(event.originator_id)
            return known
        if event.originator_version == 1:
            aggregate: Aggregate = event.AGGREGATE(event.originator_id)
            known = Touched(aggregate, at, entry.position, at)
        else:
            before = [
                earlier
                for earlier in self._log.story(event.originator_id)
                if earlier.position < entry.position
            ]
            told = rebuild(None, (earlier.event for earlier in before))
            if told is None:
                msg = f"the log lacks the beginning of {event.originator_id}"
                raise RuntimeError(msg)
            first = before[0]
            known = Touched(told, first.recorded_at, first.position, at)
        self._stories[event.originator_id] = known
        return known
