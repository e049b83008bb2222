"""What happened in a round: the log, and the routers' own records, by operation.

A flash is told by the path of its image, which names the operation that sent it. So
what another operation did to the same router is never counted with this one.
"""

import re
from collections import Counter, defaultdict
from uuid import UUID

from application.procedure.story import render_log
from application.simulation import SimulatedRouter
from domain.base import Event
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.chaos.inventory import Inventory

_PATH = re.compile(r"flashlog-([0-9a-f]{32})\.bin$")
# Whose flash a path names that is none of ours.
NOBODY = UUID(int=0)


class Records:
    """`flashes` counts by operation; `flashed_by` are the numbers of the routers."""

    def __init__(self, house: Inventory) -> None:
        self.house = house
        self.entries = house.flashlog.log.read(after=0, limit=10**9)
        self.stories: defaultdict[UUID, list[Event]] = defaultdict(list)
        for entry in self.entries:
            self.stories[entry.event.originator_id].append(entry.event)
        self.operations = {
            each: house.flashlog.log.get(UpgradeOperation, each)
            for each, story in self.stories.items()
            if isinstance(story[0], events.Started)
        }
        self.flashes: Counter[UUID] = Counter()
        self.flashed_by: defaultdict[UUID, set[int]] = defaultdict(set)
        for number, router in enumerate(house.routers):
            for flashed in router.flashed:
                found = _PATH.search(flashed.path)
                operation_id = UUID(found[1]) if found else NOBODY
                self.flashes[operation_id] += 1
                self.flashed_by[operation_id].add(number)

    def number_of(self, operation: UpgradeOperation) -> int:
        return self.house.router_of[operation.device_id]

    def router_of(self, operation: UpgradeOperation) -> SimulatedRouter:
        return self.house.routers[self.number_of(operation)]

    def location_of(self, operation_id: UUID) -> UUID:
        return self.house.location_of(self.operations[operation_id].device_id)

    def told(self, operation_id: UUID) -> str:
        """Tell the story of an operation and what its router says."""
        operation = self.operations[operation_id]
        flashed = [each.path for each in self.router_of(operation).flashed]
        story = self.house.flashlog.log.story(operation_id)
        lines = [
            f"{entry.position} {entry.recorded_at:%H:%M:%S.%f} {line}"
            for entry in story
            for line in render_log([entry])
        ]
        return "\n".join(
            [
                f"  operation {operation_id}, batch {operation.batch_id}",
                f"  router {self.number_of(operation)} flashed {flashed}",
                *(f"    {line}" for line in lines),
            ]
        )
