"""What every fact of an upgrade has."""

from typing import ClassVar

from domain.base import Event
from domain.operation.state import OperationState
from domain.operation.words import Phase


class OperationEvent(Event, frozen=True, kw_only=True):
    """A fact of an upgrade operation; `PHASE` and `PROGRESS` are where it leads."""

    PHASE: ClassVar[Phase | None] = None
    PROGRESS: ClassVar[int | None] = None

    def apply(self, operation: OperationState) -> None:
        operation.reach(self.PHASE, self.PROGRESS)
        self.mean(operation)

    def mean(self, operation: OperationState) -> None:
        """Assign what this fact means beyond phase and progress."""
