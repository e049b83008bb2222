"""What an operation's events have made of it, and the questions one may ask it."""

from datetime import datetime, timedelta
from uuid import UUID

from domain.base import Aggregate
from domain.operation.words import Evidence, Obligation, Phase, Status


class OperationState(Aggregate):
    """Assignments and questions only; decisions are in `UpgradeOperation`."""

    device_id: UUID
    image_id: UUID
    started_at: datetime
    options: dict[str, bool]
    expendable_packages: tuple[str, ...]
    batch_id: UUID | None
    retry_of: UUID | None

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.status = Status.IN_PROGRESS
        self.phase = Phase.QUEUED
        self.progress = 0
        self.attempt = 0
        self.attempt_open = False
        # The first attempt, later by what was waited for a turn since.
        self.trying_since: datetime | None = None
        self.restarts = 0
        self.retries = 0
        self.visit = 0
        self.runner = ""
        self.address = ""
        self.before: Evidence | None = None
        self.backup_id: UUID | None = None
        self.stopped_services: tuple[str, ...] = ()
        self.upload_path = ""
        self.found_installed = False
        self.uploaded = False
        self.image_accepted = False
        self.flash_begun_at: datetime | None = None
        self.canary = ""
        self.canary_left = False
        self.looks = 0
        self.reconnected_at: datetime | None = None
        self.outcome_verified = False
        self.owed: frozenset[Obligation] = frozenset()
        self.owed_since: datetime | None = None
        self.postponements = 0
        self.given_up: tuple[str, ...] = ()
        self.held = ""
        self.next_visit_at: datetime | None = None

    @property
    def has_ended(self) -> bool:
        return self.status is not Status.IN_PROGRESS

    @property
    def has_begun_flash(self) -> bool:
        return self.flash_begun_at is not None

    @property
    def is_cancellable(self) -> bool:
        return not self.has_ended and not self.has_begun_flash

    @property
    def is_settled(self) -> bool:
        """Ended and owing nothing: its device is free."""
        return self.has_ended and not self.owed

    @property
    def owed_services(self) -> tuple[str, ...]:
        """Which services may be stopped because of us."""
        return self.stopped_services if Obligation.SERVICES in self.owed else ()

    def reach(self, phase: Phase | None, progress: int | None) -> None:
        if phase is not None:
            self.phase = phase
        if progress is not None:
            self.progress = max(self.progress, progress)

    def begin_attempt(
        self, attempt: int, *, after_crash: bool, at: datetime | None
    ) -> None:
        if self.trying_since is None:
            self.trying_since = at
        elif at and self.next_visit_at and not after_crash:
            self.trying_since += max(at - self.next_visit_at, timedelta())
        self.attempt = attempt
        self.attempt_open = True
        self.restarts += after_crash
        self.progress = 0
        self.found_installed = False
        self.image_accepted = False

    def owe(
        self,
        *,
        switch: bool = False,
        services: bool = False,
        wifi: bool = False,
        file: bool = False,
    ) -> None:
        self.owed |= _named(switch=switch, services=services, wifi=wifi, file=file)

    def settle(
        self,
        *,
        switch: bool = False,
        services: bool = False,
        wifi: bool = False,
        file: bool = False,
    ) -> None:
        self.owed -= _named(switch=switch, services=services, wifi=wifi, file=file)
        self.rest()

    def end(self, status: Status) -> None:
        self.status = status
        self.attempt_open = False
        self.rest()

    def rest(self) -> None:
        if self.is_settled:
            self.held = ""
            self.next_visit_at = None


def _named(
    *, switch: bool, services: bool, wifi: bool, file: bool
) -> frozenset[Obligation]:
    named = {
        Obligation.SWITCH: switch,
        Obligation.SERVICES: services,
        Obligation.WIFI: wifi,
        Obligation.FILE: file,
    }
    return frozenset(obligation for obligation, meant in named.items() if meant)
