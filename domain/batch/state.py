"""What the events of a batch have made of it."""

from uuid import UUID

from domain.base import Aggregate
from domain.batch.words import Plan, Target


class BatchState(Aggregate):
    """Assignments and questions only; decisions are in `Batch`."""

    plan: Plan
    targets_id: UUID
    total: int
    started_by: UUID | None

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.filled = 0
        self.is_filled = False
        self.failures = 0
        self.held = ""
        self.is_cancelled = False
        self.cancelled_by: UUID | None = None

    @property
    def is_filling(self) -> bool:
        """Whether operations are still to be made."""
        return not (self.is_filled or self.is_cancelled)


class TargetsState(Aggregate):
    """Who is upgraded, as it was when the batch was started."""

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.chunks: list[tuple[Target, ...]] = []

    @property
    def targets(self) -> list[Target]:
        return [target for chunk in self.chunks for target in chunk]
