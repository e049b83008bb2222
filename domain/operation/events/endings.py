"""Retries, what is given back, and how it ends."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from domain.operation.events.base import OperationEvent
from domain.operation.state import OperationState
from domain.operation.words import Phase, SettledBy, Status


class RetryScheduled(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:RetryScheduled"
    PHASE = Phase.WAITING_TO_RETRY

    cause: str
    not_before: datetime

    def mean(self, operation: OperationState) -> None:
        operation.retries += 1
        operation.attempt_open = False
        operation.next_visit_at = self.not_before


class Postponed(OperationEvent, frozen=True, kw_only=True):
    """Back in the queue through no fault of the router; it counts as no retry."""

    TOPIC = "UpgradeOperation:Postponed"
    PHASE = Phase.QUEUED

    cause: str
    not_before: datetime

    def mean(self, operation: OperationState) -> None:
        operation.attempt_open = False
        operation.next_visit_at = self.not_before


class ServicesRestored(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ServicesRestored"

    services: tuple[str, ...]
    wifi: bool = False
    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: OperationState) -> None:
        operation.settle(services=True, wifi=True)


class UploadRemoved(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:UploadRemoved"

    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: OperationState) -> None:
        operation.settle(file=True)
        operation.uploaded = False


class SwitchDisarmed(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:SwitchDisarmed"

    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: OperationState) -> None:
        operation.settle(switch=True)


class SettlementPostponed(OperationEvent, frozen=True, kw_only=True):
    """The router did not answer; what it is owed is tried again later."""

    TOPIC = "UpgradeOperation:SettlementPostponed"

    cause: str
    at: datetime
    not_before: datetime

    def mean(self, operation: OperationState) -> None:
        operation.postponements += 1
        operation.owed_since = operation.owed_since or self.at
        operation.next_visit_at = self.not_before


class ObligationGivenUp(OperationEvent, frozen=True, kw_only=True):
    """Nobody could give back what was owed: a person is told."""

    TOPIC = "UpgradeOperation:ObligationGivenUp"

    obligations: tuple[str, ...]
    reason: str
    by: UUID | None = None

    def mean(self, operation: OperationState) -> None:
        operation.given_up = self.obligations
        operation.owed = frozenset()
        operation.rest()


class Held(OperationEvent, frozen=True, kw_only=True):
    """Nothing goes on by itself until a person says so: the log was restored."""

    TOPIC = "UpgradeOperation:Held"

    reason: str
    by: UUID | None = None

    def mean(self, operation: OperationState) -> None:
        operation.held = self.reason
        operation.next_visit_at = None


class Resumed(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Resumed"

    at: datetime
    by: UUID | None = None

    def mean(self, operation: OperationState) -> None:
        operation.held = ""
        operation.trying_since = None
        operation.next_visit_at = self.at


class Ended(OperationEvent, frozen=True, kw_only=True):
    """A terminal event."""

    STATUS: ClassVar[Status]

    def mean(self, operation: OperationState) -> None:
        operation.end(self.STATUS)


class Succeeded(Ended, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Succeeded"
    PROGRESS = 100
    STATUS = Status.SUCCESS

    reason: str = ""


class Failed(Ended, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Failed"
    STATUS = Status.FAILED

    reason: str
    evidence: str = ""


class Aborted(Ended, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Aborted"
    STATUS = Status.ABORTED

    reason: str
    evidence: str = ""


class Cancelled(Ended, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Cancelled"
    STATUS = Status.CANCELLED

    at: datetime
    by: UUID | None = None

    def mean(self, operation: OperationState) -> None:
        operation.end(self.STATUS)
        operation.held = ""
        operation.next_visit_at = self.at if operation.owed else None
