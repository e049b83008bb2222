"""From the point of no return to the evidence."""

from datetime import datetime

from domain.operation.events.base import OperationEvent
from domain.operation.state import OperationState
from domain.operation.words import Phase


class FlashBegun(OperationEvent, frozen=True, kw_only=True):
    """The point of no return: recorded before the flash command is sent."""

    TOPIC = "UpgradeOperation:FlashBegun"
    PHASE = Phase.FLASHING
    PROGRESS = 65

    command: str
    canary: str = ""
    at: datetime
    look_at: datetime

    def mean(self, operation: OperationState) -> None:
        operation.flash_begun_at = self.at
        operation.canary = self.canary
        operation.next_visit_at = self.look_at


class ConnectionLost(OperationEvent, frozen=True, kw_only=True):
    """The session ended as it should when a router flashes itself."""

    TOPIC = "UpgradeOperation:ConnectionLost"
    PHASE = Phase.REBOOTING

    reason: str
    canary_left: bool = False

    def mean(self, operation: OperationState) -> None:
        operation.canary_left |= self.canary_left


class ReconnectAttempted(OperationEvent, frozen=True, kw_only=True):
    """One look after the flash that did not settle the matter yet."""

    TOPIC = "UpgradeOperation:ReconnectAttempted"
    PHASE = Phase.REBOOTING

    reason: str
    look_at: datetime
    answered: bool = False
    canary_left: bool = False

    def mean(self, operation: OperationState) -> None:
        operation.canary_left |= self.canary_left
        if operation.reconnected_at is not None:
            operation.phase = Phase.VERIFYING
        operation.looks += 1
        operation.next_visit_at = self.look_at


class Reconnected(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Reconnected"
    PHASE = Phase.VERIFYING
    PROGRESS = 90

    address: str
    boot_id: str
    at: datetime
    host_key_fingerprint: str = ""

    def mean(self, operation: OperationState) -> None:
        if operation.reconnected_at is None:
            operation.reconnected_at = self.at


class OutcomeVerified(OperationEvent, frozen=True, kw_only=True):
    """What the router runs now, compared with what the image says it is."""

    TOPIC = "UpgradeOperation:OutcomeVerified"

    boot_id: str
    identity: str
    release: str
    revision: str
    proved_by: str
    health_checks: tuple[str, ...] = ()

    def mean(self, operation: OperationState) -> None:
        operation.outcome_verified = True
