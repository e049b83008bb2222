"""A mass upgrade, told by its commands."""

from collections.abc import Sequence
from typing import Self
from uuid import UUID

from domain.batch import events
from domain.batch.events import BatchEvent, BatchTargetsEvent
from domain.batch.state import BatchState, TargetsState
from domain.batch.words import Target
from domain.errors import AlreadyEndedError, RefusedError

# One event is no larger than a page or two of the log's other events together.
CHUNK_MAX = 500


class BatchHeldError(RefusedError):
    """The batch begins no further flash until a person resumes it."""


class BatchCancelledError(RefusedError):
    """The batch was cancelled."""


class Batch(BatchState):
    """An upgrade of many devices to one build.

    It decides which flashes may begin: whoever begins one saves it only while this
    story has not gone on.
    """

    @classmethod
    def start(cls, batch_id: UUID, started: events.Started) -> Self:
        batch = cls(batch_id)
        batch.record(started)
        return batch

    def note_filled(self, count: int) -> None:
        """Note that the next targets have their operations, and whether all have."""
        self._require_not_cancelled()
        if count:
            self.record(events.Filled(count=count))
        if self.filled >= self.total and not self.is_filled:
            self.record(events.FillingEnded())

    def require_flash_allowed(self) -> None:
        """Raise BatchHeldError or BatchCancelledError where no flash may begin."""
        self._require_not_cancelled()
        if self.held:
            msg = f"the batch is held: {self.held}"
            raise BatchHeldError(msg)

    def count_failure(self, operation_id: UUID) -> None:
        """Count a failure after the flash; the batch holds itself at its limit."""
        failures_max = self.plan.limits.failures_max
        if not failures_max or self.is_cancelled:
            return
        self.record(events.FailureCounted(operation_id=operation_id))
        if self.failures >= failures_max and not self.held:
            routers = "1 router" if self.failures == 1 else f"{self.failures} routers"
            reason = f"{routers} failed after the flash"
            self.record(events.Held(reason=reason))

    def hold(self, reason: str, *, by: UUID | None = None) -> None:
        self._require_not_cancelled()
        if self.held:
            msg = f"the batch is held already: {self.held}"
            raise RefusedError(msg)
        self.record(events.Held(reason=reason, by=by))

    def resume(self, *, by: UUID | None = None) -> None:
        self._require_not_cancelled()
        if not self.held:
            msg = "the batch is not held"
            raise RefusedError(msg)
        self.record(events.Resumed(by=by))

    def cancel(self, *, by: UUID | None = None) -> None:
        if self.is_cancelled:
            msg = "the batch was cancelled already"
            raise AlreadyEndedError(msg)
        self.record(events.Cancelled(by=by))

    def _require_not_cancelled(self) -> None:
        if self.is_cancelled:
            msg = "the batch was cancelled"
            raise BatchCancelledError(msg)


class BatchTargets(TargetsState):
    """The devices of a batch; written once, with its start."""

    @classmethod
    def freeze(cls, targets_id: UUID, targets: Sequence[Target]) -> Self:
        frozen = cls(targets_id)
        for start in range(0, len(targets), CHUNK_MAX):
            chunk = tuple(targets[start : start + CHUNK_MAX])
            frozen.record(events.TargetsFrozen(targets=chunk))
        return frozen


BatchEvent.AGGREGATE = Batch
BatchTargetsEvent.AGGREGATE = BatchTargets
