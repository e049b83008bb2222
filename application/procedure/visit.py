"""One visit: who goes, what is recorded, and when to come back.

Between visits nothing is held: no thread, no connection, no sleep. A visit writes
what it learns through `Visit.write`, which notices when somebody else wrote first.
"""

import logging
import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import cached_property
from threading import Event

from eventsourcing.persistence import IntegrityError

from application.flashlog import Flashlog
from application.ports import Connector, Session
from application.procedure import rollout
from application.procedure.reach import reach
from application.recordings.lines import VisitLine
from application.recordings.recorder import Recorder
from application.recordings.session import RecordingConnector
from application.router.fence import Fence
from application.router.owed import Owed
from application.router.router import Router
from domain.batch.batch import Batch
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.errors import DomainError
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Obligation

Decision = Callable[[UpgradeOperation], None]

_log = logging.getLogger(__name__)


class OvertakenError(Exception):
    """Here the visit ends: send nothing more, others go on.

    A newer visit has begun, a person holds the operation, or the runner is stopped.
    """


class EndedMeanwhileError(Exception):
    """The operation was ended by somebody else, usually cancelled by a person."""


class Visit:
    """A runner's way to one router, with the operation as the log has it."""

    def __init__(
        self,
        flashlog: Flashlog,
        operation: UpgradeOperation,
        *,
        runner: str,
        stop: Event,
    ) -> None:
        self.flashlog = flashlog
        self.settings = flashlog.settings
        self.operation = operation
        self.device = flashlog.log.get(Device, operation.device_id)
        self.runner = runner
        self._stop = stop
        self._number: int | None = None
        self._begun_at = self.now()
        self._recorder: Recorder | None = None
        if self.settings.recording_days:
            store = flashlog.recordings
            self._recorder = Recorder(store, self.settings, self._told)

    @cached_property
    def image(self) -> FirmwareImage:
        """What is to be flashed; nothing changes it while an operation needs it."""
        return self.flashlog.log.get(FirmwareImage, self.operation.image_id)

    def now(self) -> datetime:
        return self.flashlog.clock.now()

    def reach(
        self, *, accept_new_host_key: bool = False
    ) -> AbstractContextManager[tuple[Session, Router]]:
        """Open a session to the router; what is said over it is recorded."""
        connector: Connector = self.flashlog.connector
        if self._recorder is not None:
            connector = RecordingConnector(connector, self._recorder)
        return reach(
            self.flashlog,
            self.device,
            accept_new_host_key=accept_new_host_key,
            connector=connector,
        )

    def begin(self) -> None:
        """Fence older visits off the log; the router is fenced by the same number."""
        at = self.now()
        try:
            self._append(lambda: self.operation.begin_visit(self.runner, at=at))
        except IntegrityError:
            msg = "somebody else came first"
            raise OvertakenError(msg) from None
        self._number = self.operation.visit

    def write(
        self, decision: Decision, *, also: Callable[[Device], None] | None = None
    ) -> None:
        """Decide and append; decide again when somebody else came first.

        `also` decides on the device in the same transaction. Raises OvertakenError or
        EndedMeanwhileError when it is not this visit's turn any more, LostRaceError
        when others come first for ever.
        """

        def decide() -> None:
            try:
                self._append(lambda: self._decide(decision, also))
            except (IntegrityError, DomainError):
                # What was recorded before the refusal must not be saved later.
                self.reload()
                raise

        self.flashlog.log.decide(decide)

    def conclude(
        self,
        decision: Decision,
        *,
        also: Callable[[Device], None] | None = None,
        is_last: bool = False,
    ) -> None:
        """Write what a visit ends with; what was recorded of it is named before that.

        `is_last`: the operation ends with it. Should more be said to the router after
        all, `close` names the rest.
        """
        part = self._recorder.keep(is_last=is_last) if self._recorder else None

        def decide(operation: UpgradeOperation) -> None:
            if part is not None:
                operation.note_recording(part.event)
            decision(operation)

        self.write(decide, also=also)
        if self._recorder and part:
            self._recorder.forget(part)

    def close(self) -> None:
        """Name in the log what was recorded and is not named yet; never raises."""
        if self._recorder is None or not self._recorder.has_news:
            return
        part = self._recorder.keep()
        log = self.flashlog.log

        def note() -> None:
            if part is not None:
                operation = log.get(UpgradeOperation, self.operation.id)
                operation.note_recording(part.event)
                log.append(operation)

        try:
            log.decide(note)
        except Exception as error:  # noqa: BLE001 - without it all is as it was
            _log.warning("action=not_recorded error=%s", error)

    def check(self) -> None:
        """Notice a cancel, a newer visit or a stop while an act takes long; cheap."""
        if self._stop.is_set():
            msg = "the runner is stopped"
            raise OvertakenError(msg)
        version = self.flashlog.log.recorder.version_of(self.operation.id)
        if version != self.operation.version:
            self.reload()

    def reload(self) -> None:
        """Take the operation and the device as the log has them now."""
        had_ended = self.operation.has_ended
        self.operation = self.flashlog.log.get(UpgradeOperation, self.operation.id)
        self.device = self.flashlog.log.get(Device, self.operation.device_id)
        if self.operation.held:
            raise OvertakenError(self.operation.held)
        if self._number is not None and self.operation.visit != self._number:
            raise OvertakenError(f"visit {self.operation.visit} has begun")
        if self.operation.has_ended and not had_ended:
            raise EndedMeanwhileError(self.operation.status)

    def require_flash_allowed(self) -> Batch | None:
        """Return the batch. Raises BatchHeldError, BatchCancelledError."""
        batch = rollout.batch_of(self.flashlog.log, self.operation)
        if batch is not None:
            batch.require_flash_allowed()
        return batch

    def fence(self, boot_id: str | None = None) -> Fence:
        """Return what every script of this visit that changes the router carries."""
        before = self.operation.before
        if boot_id is None:
            boot_id = before.boot_id if before else ""
        return Fence(
            installation=str(self.flashlog.installation),
            operation=str(self.operation.id),
            visit=self.operation.visit,
            boot_id=boot_id,
        )

    def owed(self) -> Owed:
        """Return what the router may have forgotten that it is owed."""
        return Owed(
            services=self.operation.owed_services,
            wifi=Obligation.WIFI in self.operation.owed,
        )

    @property
    def path(self) -> str:
        """Where the image is put on the router: a name of ours, safe in any shell."""
        directory = self.settings.upload_directory.rstrip("/")
        return f"{directory}/flashlog-{self.operation.id.hex}.bin"

    def pause(self, count: int, first_seconds: float, max_seconds: float) -> datetime:
        """Return when to come back: exponential back-off with jitter."""
        full = min(max_seconds, first_seconds * 2 ** min(count, 30))
        # Jitter keeps a fleet that failed together from coming back together.
        seconds = full * random.uniform(0.5, 1.0)  # noqa: S311
        return self.now() + timedelta(seconds=seconds)

    def postpone_settlement(self, operation: UpgradeOperation, cause: str) -> None:
        """Come back for what is owed, or give it up when patience is over."""
        now = self.now()
        patience = timedelta(seconds=self.settings.settle_patience_seconds)
        if operation.owed_since and now - operation.owed_since > patience:
            operation.give_up_obligations(reason=cause)
            return
        operation.postpone_settlement(
            cause=cause,
            at=now,
            not_before=self.pause(
                operation.postponements,
                self.settings.settle_backoff_seconds,
                self.settings.settle_backoff_max_seconds,
            ),
        )

    def _told(self) -> VisitLine:
        return VisitLine(
            operation=self.operation.id,
            installation=self.flashlog.installation,
            visit=self.operation.visit,
            attempt=self.operation.attempt,
            runner=self.runner,
            at=self._begun_at,
        )

    def _decide(
        self, decision: Decision, also: Callable[[Device], None] | None
    ) -> None:
        decision(self.operation)
        if also is not None:
            also(self.device)

    def _append(self, decide: Callable[[], None]) -> None:
        rollout.append(self.flashlog.log, self.operation, self.device, decide)


def short(error: BaseException) -> str:
    """Say in one line what went wrong."""
    return " ".join(str(error).split()) or type(error).__name__
