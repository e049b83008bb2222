"""Who is told what: what an account may see, and what of it is asked for."""

import msgspec

from application.feed.occurrence import Occurrence
from application.queries.belonging import Viewer
from domain.topics import TOPICS

# What may be asked for as a type: each topic, and each aggregate for all of its own.
TYPES = frozenset(TOPICS) | {topic.partition(":")[0] for topic in TOPICS}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which events are asked for: of several kinds of wishes all, of one kind any.

    `types` are topics, or the part before the colon for all events of an aggregate.
    Nothing asked for means everything.
    """

    devices: frozenset[str] = frozenset()
    batches: frozenset[str] = frozenset()
    operations: frozenset[str] = frozenset()
    types: frozenset[str] = frozenset()

    def takes(self, occurrence: Occurrence) -> bool:
        about = occurrence.belonging.about
        for ids in (self.devices, self.batches, self.operations):
            if ids and ids.isdisjoint(about):
                return False
        if not self.types:
            return True
        topic = occurrence.topic
        return topic in self.types or topic.partition(":")[0] in self.types


EVERYTHING = Wanted()


class Audience(msgspec.Struct, frozen=True, kw_only=True):
    """All who see and want the same; what one of them is told, all of them are."""

    viewer: Viewer
    wanted: Wanted = EVERYTHING

    def takes(self, occurrence: Occurrence) -> bool:
        return self.viewer.sees(occurrence.belonging) and self.wanted.takes(occurrence)
