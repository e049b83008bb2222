"""The event log as the rest of the application sees it: load, save, read."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, TypeVar, cast
from uuid import UUID

import msgspec
from eventsourcing.application import Application
from eventsourcing.persistence import IntegrityError, Mapper

from application.adapters.database import Growth
from application.adapters.log.event import LoggedEvent
from application.adapters.log.fences import NoneSince
from application.adapters.log.reading import LogReading
from application.adapters.mapper import TypedMapper
from domain.base import Aggregate, Event, rebuild
from domain.errors import NotFoundError, RefusedError
from domain.topics import stored_as

if TYPE_CHECKING:
    from eventsourcing.persistence import ApplicationRecorder

A = TypeVar("A", bound=Aggregate)
T = TypeVar("T")

# A decision that loses a race this often is not racing any more, something is wrong.
_DECISIONS_MAX = 20


class LostRaceError(RefusedError):
    """Somebody else's fact came first, again and again; try once more."""


class Entry(msgspec.Struct, frozen=True):
    """An event with its place in the log."""

    position: int
    recorded_at: datetime
    event: Event


class EventLog(Application[UUID]):
    """Stories of aggregates, appended in one order for everybody."""

    name = "flashlog"
    recorder: LogReading

    def __init__(self, recorder: LogReading) -> None:
        self._given = recorder
        super().__init__()

    def construct_recorder(self) -> "ApplicationRecorder":
        return self._given

    def construct_mapper(self) -> Mapper[UUID]:
        return TypedMapper()

    def get(self, kind: type[A], aggregate_id: UUID) -> A:
        """Rebuild an aggregate. Raises NotFoundError, also for a deleted one."""
        # Not by the library's repository: its checks take as long as the rest.
        stored = self.recorder.select_events(aggregate_id)
        found = rebuild(None, map(self._event, stored))
        if not isinstance(found, kind) or found.is_deleted:
            msg = f"there is no {kind.__name__} {aggregate_id}"
            raise NotFoundError(msg)
        return found

    def find(self, kind: type[A], aggregate_id: UUID) -> A | None:
        """Rebuild an aggregate, or return None."""
        try:
            return self.get(kind, aggregate_id)
        except NotFoundError:
            return None

    def get_all(self, kind: type[A], aggregate_ids: Sequence[UUID]) -> dict[UUID, A]:
        """Rebuild many aggregates at once; those that there are not are left out."""
        stored = self.recorder.select_stories(aggregate_ids)
        told = (
            rebuild(None, map(self._event, story))
            for _, story in groupby(stored, key=attrgetter("originator_id"))
        )
        return {
            each.id: each
            for each in told
            if isinstance(each, kind) and not each.is_deleted
        }

    def get_or_new(self, kind: type[A], aggregate_id: UUID) -> A:
        """Rebuild an aggregate, or make one without a story yet."""
        return self.find(kind, aggregate_id) or kind(aggregate_id)

    def append(
        self,
        *aggregates: Aggregate,
        unchanged: Sequence[Aggregate] = (),
        none_since: NoneSince | None = None,
    ) -> int:
        """Save what the aggregates recorded, all or nothing; returns the position.

        Nothing is saved unless the stories of `unchanged` are still as they were
        loaded, nor if any event of `none_since` has come after its position. Raises
        eventsourcing's IntegrityError when somebody else came first; then the
        aggregates are worthless and must be loaded again.
        """
        expected = list(dict.fromkeys((each.id, each.version) for each in unchanged))
        if none_since is not None:
            # A process of the version before may still append them in old words.
            none_since = none_since._replace(topics=stored_as(none_since.topics))
        pending = [event for each in aggregates for event in each.collect_events()]
        positions = self.recorder.insert_events(
            list(map(self.mapper.to_stored_event, pending)),
            expected=expected,
            none_since=none_since,
        )
        return positions[-1] if positions else self.end()

    def decide(self, decision: Callable[[], T]) -> T:
        """Run load-ask-save, again from the start when somebody else came first.

        Raises LostRaceError when that never ends.
        """
        for _ in range(_DECISIONS_MAX):
            try:
                return decision()
            except IntegrityError:
                continue
        msg = "others kept changing the same thing at the same time: try again"
        raise LostRaceError(msg)

    def story(
        self, aggregate_id: UUID, *, after: int = 0, until: int | None = None
    ) -> list[Entry]:
        """Everything that happened to one aggregate, or what made some versions."""
        stored = self.recorder.select_events(aggregate_id, gt=after, lte=until)
        return list(map(self._entry, stored))

    def stories(
        self, aggregate_ids: Sequence[UUID], *, topics: Sequence[str] = ()
    ) -> list[Entry]:
        """Everything that happened to some aggregates, or what is of some topics."""
        stored = self.recorder.select_stories(aggregate_ids, topics=stored_as(topics))
        return list(map(self._entry, stored))

    def at(self, positions: Sequence[int]) -> list[Entry]:
        """Read what is at some positions, in any order."""
        return list(map(self._entry, self.recorder.select_at(positions)))

    def position_at(self, at: datetime) -> int:
        """Return the position of the last event until a time, 0 before the first."""
        return self.recorder.position_at(at)

    def read(self, *, after: int, limit: int) -> list[Entry]:
        """Read on from a position, in order."""
        return list(
            map(
                self._entry,
                self.recorder.select_notifications(
                    after, limit, inclusive_of_start=False
                ),
            )
        )

    def end(self) -> int:
        """Return the position of the newest event, 0 when there is none."""
        return self.recorder.max_notification_id() or 0

    def growth(self) -> Growth:
        """Watch for appends by anybody."""
        return self.recorder.growth()

    def close(self) -> None:
        super().close()
        self._given.close()

    def _entry(self, stored: LoggedEvent) -> Entry:
        at = datetime.fromtimestamp(stored.recorded_at / 1_000_000, UTC)
        return Entry(stored.id, at, self._event(stored))

    def _event(self, stored: LoggedEvent) -> Event:
        return cast("Event", self.mapper.to_domain_event(stored))
