"""Events and the aggregates that are rebuilt from them.

An event is one fact: what it carries are its fields, what it means is `apply`, which
only assigns. An aggregate decides in its public methods and records what it decided;
replaying the events runs `apply` alone, so a rule that is tightened later never makes
an old story unreadable.
"""

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self
from uuid import UUID

import msgspec


class Event(msgspec.Struct, frozen=True, kw_only=True, dict=True, omit_defaults=True):
    """A fact about one aggregate, told in the past tense.

    `TOPIC` is its name in the log and never changes: a field may be added with a
    default, anything else is a new topic.
    """

    TOPIC: ClassVar[str]
    AGGREGATE: ClassVar[type["Aggregate"]]

    @property
    def originator_id(self) -> UUID:
        """The aggregate that this happened to."""
        place: tuple[UUID, int] = self.__dict__["place"]
        return place[0]

    @property
    def originator_version(self) -> int:
        """The place in the aggregate's story, from 1 on."""
        place: tuple[UUID, int] = self.__dict__["place"]
        return place[1]

    def placed(self, originator_id: UUID, originator_version: int) -> Self:
        """Give the event its place; only the recorder and the log do this."""
        self.__dict__["place"] = (originator_id, originator_version)
        return self

    def apply(self, aggregate: Any) -> None:
        """Assign what this fact means; no guards, no clock, no I/O."""


class Aggregate:
    """A thing with a story: its state is what its events have made of it.

    The story of what was deleted stays in the log; commands do not find it any more.
    """

    is_deleted = False

    def __init__(self, aggregate_id: UUID) -> None:
        self.id = aggregate_id
        self.version = 0
        self._pending: list[Event] = []

    @property
    def has_news(self) -> bool:
        """Whether something was recorded that is not saved yet."""
        return bool(self._pending)

    def record(self, *events: Event) -> None:
        """Take the facts into the state and keep them until they are saved."""
        for event in events:
            self.evolve(event.placed(self.id, self.version + 1))
            self._pending.append(event)

    def evolve(self, event: Event) -> None:
        """Take one more event of the story into the state."""
        event.apply(self)
        self.version = event.originator_version

    def collect_events(self) -> Sequence[Event]:
        """Hand over what was recorded since the last time."""
        pending, self._pending = self._pending, []
        return pending


def rebuild(aggregate: Aggregate | None, events: Iterable[Event]) -> Aggregate | None:
    """Tell a story from its events; None when there are none."""
    for event in events:
        if aggregate is None:
            aggregate = event.AGGREGATE(event.originator_id)
        aggregate.evolve(event)
    return aggregate
