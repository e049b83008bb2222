"""The facts of a batch and of the stream that holds its targets."""

from datetime import datetime
from uuid import UUID

from domain.base import Event
from domain.batch.state import BatchState, TargetsState
from domain.batch.words import Plan, Target


class BatchEvent(Event, frozen=True, kw_only=True):
    """A fact of a batch."""


class Started(BatchEvent, frozen=True, kw_only=True):
    """Saved in one transaction with its targets: who is upgraded is frozen here."""

    TOPIC = "Batch:Started"

    plan: Plan
    targets_id: UUID
    total: int
    at: datetime
    by: UUID | None = None

    def apply(self, batch: BatchState) -> None:
        batch.plan = self.plan
        batch.targets_id = self.targets_id
        batch.total = self.total
        batch.started_by = self.by


class Filled(BatchEvent, frozen=True, kw_only=True):
    """The operations of the next `count` targets were saved in this transaction."""

    TOPIC = "Batch:Filled"

    count: int

    def apply(self, batch: BatchState) -> None:
        batch.filled += self.count


class FillingEnded(BatchEvent, frozen=True, kw_only=True):
    """Every target has its operation."""

    TOPIC = "Batch:FillingEnded"

    def apply(self, batch: BatchState) -> None:
        batch.is_filled = True


class FailureCounted(BatchEvent, frozen=True, kw_only=True):
    """Saved in one transaction with the end of an operation that had flashed."""

    TOPIC = "Batch:FailureCounted"

    operation_id: UUID

    def apply(self, batch: BatchState) -> None:
        batch.failures += 1


class Held(BatchEvent, frozen=True, kw_only=True):
    """No further flash begins; without a person it was the batch itself."""

    TOPIC = "Batch:Held"

    reason: str
    by: UUID | None = None

    def apply(self, batch: BatchState) -> None:
        batch.held = self.reason


class Resumed(BatchEvent, frozen=True, kw_only=True):
    """Failures are counted from here on anew."""

    TOPIC = "Batch:Resumed"

    by: UUID | None = None

    def apply(self, batch: BatchState) -> None:
        batch.held = ""
        batch.failures = 0


class Cancelled(BatchEvent, frozen=True, kw_only=True):
    """No further operation and no further flash; those before it are cancelled."""

    TOPIC = "Batch:Cancelled"

    by: UUID | None = None

    def apply(self, batch: BatchState) -> None:
        batch.is_cancelled = True
        batch.cancelled_by = self.by
        batch.held = ""


class BatchTargetsEvent(Event, frozen=True, kw_only=True):
    """A fact of the stream beside a batch."""


class TargetsFrozen(BatchTargetsEvent, frozen=True, kw_only=True):
    """Some of the targets, in the order in which they get their operations."""

    TOPIC = "BatchTargets:Frozen"

    targets: tuple[Target, ...]

    def apply(self, targets: TargetsState) -> None:
        targets.chunks.append(self.targets)
