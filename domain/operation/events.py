"""The facts of an upgrade, in the order in which they usually happen."""

from datetime import datetime
from typing import TYPE_CHECKING, ClassVar
from uuid import UUID

import msgspec

from domain.base import Event
from domain.operation.words import Phase, SettledBy, Status

if TYPE_CHECKING:
    from domain.operation.state import OperationState


class OperationEvent(Event, frozen=True, kw_only=True):
    """A fact of an upgrade operation; `PHASE` and `PROGRESS` are where it leads."""

    PHASE: ClassVar[Phase | None] = None
    PROGRESS: ClassVar[int | None] = None

    def apply(self, operation: "OperationState") -> None:
        operation.reach(self.PHASE, self.PROGRESS)
        self.mean(operation)

    def mean(self, operation: "OperationState") -> None:
        """Assign what this fact means beyond phase and progress."""


class Started(OperationEvent, frozen=True, kw_only=True):
    """Somebody asked for an upgrade; `by` is a user."""

    TOPIC = "UpgradeOperation:Started"
    PHASE = Phase.QUEUED
    PROGRESS = 0

    device_id: UUID
    image_id: UUID
    at: datetime
    options: dict[str, bool] = msgspec.field(default_factory=dict)
    batch_id: UUID | None = None
    retry_of: UUID | None = None
    by: UUID | None = None

    def mean(self, operation: "OperationState") -> None:
        operation.device_id = self.device_id
        operation.image_id = self.image_id
        operation.started_at = self.at
        operation.options = self.options
        operation.batch_id = self.batch_id
        operation.retry_of = self.retry_of
        operation.next_visit_at = self.at


class AttemptBegun(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:AttemptBegun"
    PHASE = Phase.CONNECTING

    attempt: int
    after_crash: bool = False

    def mean(self, operation: "OperationState") -> None:
        operation.begin_attempt(self.attempt, after_crash=self.after_crash)


class VisitBegun(OperationEvent, frozen=True, kw_only=True):
    """A runner is on its way; the number fences older runners off the router."""

    TOPIC = "UpgradeOperation:VisitBegun"

    visit: int
    runner: str

    def mean(self, operation: "OperationState") -> None:
        operation.visit = self.visit
        operation.runner = self.runner


class Connected(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Connected"
    PHASE = Phase.CHECKING
    PROGRESS = 10

    address: str
    credentials_id: UUID
    host_key_type: str
    host_key_fingerprint: str
    weak_algorithms: bool = False

    def mean(self, operation: "OperationState") -> None:
        operation.address = self.address


class IdentityVerified(OperationEvent, frozen=True, kw_only=True):
    """The right router, and what it was running before anything was changed."""

    TOPIC = "UpgradeOperation:IdentityVerified"
    PROGRESS = 15

    verified_by: str
    identity: str
    boot_id: str
    macs: tuple[str, ...]
    board: str
    model: str
    release: str
    revision: str

    def mean(self, operation: "OperationState") -> None:
        operation.before = Evidence(
            boot_id=self.boot_id,
            identity=self.identity,
            macs=self.macs,
            release=self.release,
            revision=self.revision,
        )


class ImageCompared(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ImageCompared"
    PROGRESS = 20

    marker: str
    revision: str
    installed: bool

    def mean(self, operation: "OperationState") -> None:
        operation.found_installed = self.installed


class ConfigurationBackedUp(OperationEvent, frozen=True, kw_only=True):
    """The archive is in the vault; here are its reference, hash and size."""

    TOPIC = "UpgradeOperation:ConfigurationBackedUp"

    backup_id: UUID
    sha256: str
    size_bytes: int

    def mean(self, operation: "OperationState") -> None:
        operation.backup_id = self.backup_id


class MemoryMeasured(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:MemoryMeasured"
    PHASE = Phase.FREEING_MEMORY

    available_bytes: int
    needed_bytes: int
    room_bytes: int


class SwitchArmed(OperationEvent, frozen=True, kw_only=True):
    """Recorded before the dead-man's switch is left on the router."""

    TOPIC = "UpgradeOperation:SwitchArmed"

    lease_seconds: float

    def mean(self, operation: "OperationState") -> None:
        operation.owe(switch=True)


class ServicesStopBegun(OperationEvent, frozen=True, kw_only=True):
    """Recorded before the first service is stopped."""

    TOPIC = "UpgradeOperation:ServicesStopBegun"

    services: tuple[str, ...]
    wifi: bool

    def mean(self, operation: "OperationState") -> None:
        operation.stopped_services = self.services
        operation.owe(services=bool(self.services), wifi=self.wifi)


class ServicesStopped(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ServicesStopped"

    services: tuple[str, ...]
    wifi: bool


class MemoryFreed(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:MemoryFreed"

    available_bytes: int
    needed_bytes: int


class UploadBegun(OperationEvent, frozen=True, kw_only=True):
    """Recorded before the first byte is written to the router."""

    TOPIC = "UpgradeOperation:UploadBegun"
    PHASE = Phase.UPLOADING

    path: str
    size_bytes: int
    kept_bytes: int = 0

    def mean(self, operation: "OperationState") -> None:
        operation.upload_path = self.path
        operation.uploaded = False
        operation.owe(file=True)


class UploadAdvanced(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:UploadAdvanced"
    PHASE = Phase.UPLOADING

    sent_bytes: int
    size_bytes: int

    def mean(self, operation: "OperationState") -> None:
        share = 40 * self.sent_bytes // max(self.size_bytes, 1)
        operation.reach(None, 20 + min(share, 40))


class Uploaded(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Uploaded"
    PHASE = Phase.TESTING
    PROGRESS = 60

    size_bytes: int
    sha256: str
    sent_bytes: int
    seconds: float

    def mean(self, operation: "OperationState") -> None:
        operation.uploaded = True


class ImageAccepted(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ImageAccepted"

    output: str = ""
    verdict: str = ""

    def mean(self, operation: "OperationState") -> None:
        operation.image_accepted = True


class FlashBegun(OperationEvent, frozen=True, kw_only=True):
    """The point of no return: recorded before the flash command is sent."""

    TOPIC = "UpgradeOperation:FlashBegun"
    PHASE = Phase.FLASHING
    PROGRESS = 65

    command: str
    canary: str = ""
    at: datetime
    look_at: datetime

    def mean(self, operation: "OperationState") -> None:
        operation.flash_begun_at = self.at
        operation.canary = self.canary
        operation.next_visit_at = self.look_at


class ConnectionLost(OperationEvent, frozen=True, kw_only=True):
    """The session ended as it should when a router flashes itself."""

    TOPIC = "UpgradeOperation:ConnectionLost"
    PHASE = Phase.REBOOTING

    reason: str
    canary_left: bool = False

    def mean(self, operation: "OperationState") -> None:
        operation.canary_left |= self.canary_left


class ReconnectAttempted(OperationEvent, frozen=True, kw_only=True):
    """One look after the flash that did not settle the matter yet."""

    TOPIC = "UpgradeOperation:ReconnectAttempted"
    PHASE = Phase.REBOOTING

    reason: str
    look_at: datetime
    answered: bool = False
    canary_left: bool = False

    def mean(self, operation: "OperationState") -> None:
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

    def mean(self, operation: "OperationState") -> None:
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

    def mean(self, operation: "OperationState") -> None:
        operation.outcome_verified = True


class RetryScheduled(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:RetryScheduled"
    PHASE = Phase.WAITING_TO_RETRY

    cause: str
    not_before: datetime

    def mean(self, operation: "OperationState") -> None:
        operation.retries += 1
        operation.attempt_open = False
        operation.next_visit_at = self.not_before


class ServicesRestored(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ServicesRestored"

    services: tuple[str, ...]
    wifi: bool = False
    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: "OperationState") -> None:
        operation.settle(services=True, wifi=True)


class UploadRemoved(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:UploadRemoved"

    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: "OperationState") -> None:
        operation.settle(file=True)
        operation.uploaded = False


class SwitchDisarmed(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:SwitchDisarmed"

    by: SettledBy = SettledBy.FLASHLOG

    def mean(self, operation: "OperationState") -> None:
        operation.settle(switch=True)


class SettlementPostponed(OperationEvent, frozen=True, kw_only=True):
    """The router did not answer; what it is owed is tried again later."""

    TOPIC = "UpgradeOperation:SettlementPostponed"

    cause: str
    at: datetime
    not_before: datetime

    def mean(self, operation: "OperationState") -> None:
        operation.postponements += 1
        operation.owed_since = operation.owed_since or self.at
        operation.next_visit_at = self.not_before


class ObligationGivenUp(OperationEvent, frozen=True, kw_only=True):
    """Nobody could give back what was owed: a person is told."""

    TOPIC = "UpgradeOperation:ObligationGivenUp"

    obligations: tuple[str, ...]
    reason: str
    by: UUID | None = None

    def mean(self, operation: "OperationState") -> None:
        operation.given_up = self.obligations
        operation.owed = frozenset()
        operation.rest()


class Held(OperationEvent, frozen=True, kw_only=True):
    """Nothing goes on by itself until a person says so: the log was restored."""

    TOPIC = "UpgradeOperation:Held"

    reason: str
    by: UUID | None = None

    def mean(self, operation: "OperationState") -> None:
        operation.held = self.reason
        operation.next_visit_at = None


class Resumed(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:Resumed"

    at: datetime
    by: UUID | None = None

    def mean(self, operation: "OperationState") -> None:
        operation.held = ""
        operation.next_visit_at = self.at


class Ended(OperationEvent, frozen=True, kw_only=True):
    """A terminal event."""

    STATUS: ClassVar[Status]

    def mean(self, operation: "OperationState") -> None:
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

    def mean(self, operation: "OperationState") -> None:
        operation.end(self.STATUS)
        operation.held = ""
        operation.next_visit_at = self.at if operation.owed else None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a router was running, by which one tells it from another moment."""

    boot_id: str
    identity: str
    macs: tuple[str, ...]
    release: str
    revision: str
