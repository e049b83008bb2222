"""From the start to the point of no return, in the order it usually happens."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.operation.events.base import OperationEvent
from domain.operation.state import OperationState
from domain.operation.words import Evidence, Phase


class Started(OperationEvent, frozen=True, kw_only=True):
    """Somebody asked for an upgrade; `by` is a user.

    The packages named in `expendable_packages` may be missing in the image.
    """

    TOPIC = "UpgradeOperation:Started"
    PHASE = Phase.QUEUED
    PROGRESS = 0

    device_id: UUID
    image_id: UUID
    at: datetime
    options: dict[str, bool] = msgspec.field(default_factory=dict)
    expendable_packages: tuple[str, ...] = ()
    batch_id: UUID | None = None
    retry_of: UUID | None = None
    by: UUID | None = None

    def mean(self, operation: OperationState) -> None:
        operation.device_id = self.device_id
        operation.image_id = self.image_id
        operation.started_at = self.at
        operation.options = self.options
        operation.expendable_packages = self.expendable_packages
        operation.batch_id = self.batch_id
        operation.retry_of = self.retry_of
        operation.next_visit_at = self.at


class AttemptBegun(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:AttemptBegun"
    PHASE = Phase.CONNECTING

    attempt: int
    after_crash: bool = False
    at: datetime | None = None

    def mean(self, operation: OperationState) -> None:
        operation.begin_attempt(self.attempt, after_crash=self.after_crash, at=self.at)


class VisitBegun(OperationEvent, frozen=True, kw_only=True):
    """A runner is on its way; the number fences older runners off the router."""

    TOPIC = "UpgradeOperation:VisitBegun"

    visit: int
    runner: str

    def mean(self, operation: OperationState) -> None:
        operation.visit = self.visit
        operation.runner = self.runner


class Connected(OperationEvent, frozen=True, kw_only=True):
    """`refused` are the credentials that were tried before, and why they failed."""

    TOPIC = "UpgradeOperation:Connected"
    PHASE = Phase.CHECKING
    PROGRESS = 10

    address: str
    credentials_id: UUID
    host_key_type: str
    host_key_fingerprint: str
    weak_algorithms: bool = False
    refused: dict[UUID, str] = msgspec.field(default_factory=dict)

    def mean(self, operation: OperationState) -> None:
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

    def mean(self, operation: OperationState) -> None:
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

    def mean(self, operation: OperationState) -> None:
        operation.found_installed = self.installed


class ConfigurationBackedUp(OperationEvent, frozen=True, kw_only=True):
    """The archive is in the vault; here are its reference, hash and size."""

    TOPIC = "UpgradeOperation:ConfigurationBackedUp"

    backup_id: UUID
    sha256: str
    size_bytes: int

    def mean(self, operation: OperationState) -> None:
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

    def mean(self, operation: OperationState) -> None:
        operation.owe(switch=True)


class ServicesStopBegun(OperationEvent, frozen=True, kw_only=True):
    """Recorded before the first service is stopped."""

    TOPIC = "UpgradeOperation:ServicesStopBegun"

    services: tuple[str, ...]
    wifi: bool

    def mean(self, operation: OperationState) -> None:
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

    def mean(self, operation: OperationState) -> None:
        operation.upload_path = self.path
        operation.uploaded = False
        operation.owe(file=True)


class UploadAdvanced(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:UploadAdvanced"
    PHASE = Phase.UPLOADING

    sent_bytes: int
    size_bytes: int

    def mean(self, operation: OperationState) -> None:
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

    def mean(self, operation: OperationState) -> None:
        operation.uploaded = True


class ImageAccepted(OperationEvent, frozen=True, kw_only=True):
    TOPIC = "UpgradeOperation:ImageAccepted"

    output: str = ""
    verdict: str = ""

    def mean(self, operation: OperationState) -> None:
        operation.image_accepted = True
