"""The upgrade of one device, told by its commands."""

from datetime import datetime
from typing import Self
from uuid import UUID

from domain.errors import AlreadyEndedError, CancelTooLateError, RefusedError
from domain.operation import events
from domain.operation.events import OperationEvent
from domain.operation.state import OperationState
from domain.operation.words import Obligation, SettledBy


class UpgradeOperation(OperationState):
    """One try to bring one device to one image.

    Whoever appends first wins: a runner and a person may decide at the same moment,
    but only one of their facts becomes the next in the story.
    """

    @classmethod
    def start(cls, operation_id: UUID, started: events.Started) -> Self:
        operation = cls(operation_id)
        operation.record(started)
        return operation

    # --- visits -------------------------------------------------------------

    def begin_visit(self, runner: str, *, at: datetime | None = None) -> None:
        """Open a visit, and an attempt with it where none is open yet."""
        self._require_not_held()
        if self.is_settled:
            msg = f"the operation has ended ({self.status}) and owes nothing"
            raise AlreadyEndedError(msg)
        visit = events.VisitBegun(visit=self.visit + 1, runner=runner)
        if self.is_cancellable:
            begun = events.AttemptBegun(
                attempt=self.attempt + 1, after_crash=self.attempt_open, at=at
            )
            self.record(begun, visit)
        else:
            self.record(visit)

    def note(self, *facts: OperationEvent) -> None:
        """Record facts learned on the way to the flash."""
        _require_no_decision(facts)
        self._require_going_on()
        self._require_before_flash()
        self.record(*facts)

    def note_recording(self, recorded: events.VisitRecorded) -> None:
        """Name what was kept of a visit; that is said at any time, also of the last."""
        self.record(recorded)

    def schedule_retry(self, *, cause: str, not_before: datetime) -> None:
        self._require_going_on()
        self._require_before_flash()
        self.record(events.RetryScheduled(cause=cause, not_before=not_before))

    def postpone(self, *, cause: str, not_before: datetime) -> None:
        """Go back into the queue: it is not this operation's turn to flash."""
        self._require_going_on()
        self._require_before_flash()
        self.record(events.Postponed(cause=cause, not_before=not_before))

    # --- the point of no return ---------------------------------------------

    def begin_flash(
        self, *, command: str, canary: str, at: datetime, look_at: datetime
    ) -> None:
        self._require_going_on()
        self._require_before_flash()
        is_ready = self.before and self.uploaded and self.image_accepted
        if not (is_ready and self.attempt_open):
            msg = "the flash needs a verified identity, upload and image test"
            raise RefusedError(msg)
        self.record(
            events.FlashBegun(command=command, canary=canary, at=at, look_at=look_at)
        )

    def cancel(self, *, at: datetime, by: UUID | None = None) -> None:
        """Stop before the flash.

        Raises AlreadyEndedError or CancelTooLateError; then nothing has changed.
        """
        self._require_in_progress()
        if self.has_begun_flash:
            msg = "it is too late to cancel: firmware reflashing has already started"
            raise CancelTooLateError(msg)
        self.record(events.Cancelled(at=at, by=by))

    # --- after the flash ----------------------------------------------------

    def observe(self, *facts: OperationEvent) -> None:
        """Record facts learned after the flash was begun."""
        _require_no_decision(facts)
        self._require_going_on()
        self._require_flash_begun()
        self.record(*facts)

    # --- what is owed -------------------------------------------------------

    def settle_by(
        self, who: SettledBy, *, services: tuple[str, ...] | None = None
    ) -> None:
        """Record that what was owed has been given back."""
        owed = self.owed
        if owed & {Obligation.SERVICES, Obligation.WIFI}:
            restored = self.owed_services if services is None else services
            wifi = Obligation.WIFI in owed
            self.record(events.ServicesRestored(services=restored, wifi=wifi, by=who))
        if Obligation.FILE in owed:
            self.record(events.UploadRemoved(by=who))
        if Obligation.SWITCH in owed:
            self.record(events.SwitchDisarmed(by=who))

    def postpone_settlement(
        self, *, cause: str, at: datetime, not_before: datetime
    ) -> None:
        """Note when to try again; where all has been settled meanwhile, never."""
        self._require_not_held()
        if self.is_settled:
            return
        self.record(
            events.SettlementPostponed(cause=cause, at=at, not_before=not_before)
        )

    def give_up_obligations(self, *, reason: str, by: UUID | None = None) -> None:
        """Write off what nobody could give back; the device is free again."""
        if not self.has_ended:
            msg = f"the operation is {self.status}: cancel it first"
            raise RefusedError(msg)
        if not self.owed:
            msg = "nothing is owed to the router"
            raise RefusedError(msg)
        self.record(
            events.ObligationGivenUp(
                obligations=tuple(sorted(self.owed)), reason=reason, by=by
            )
        )

    # --- held for a person ---------------------------------------------------

    def hold(self, reason: str, *, by: UUID | None = None) -> None:
        """Let nothing go on by itself, until a person resumes or cancels it."""
        if self.is_settled:
            msg = "the operation has ended and owes nothing"
            raise RefusedError(msg)
        self.record(events.Held(reason=reason, by=by))

    def resume(self, *, at: datetime, by: UUID | None = None) -> None:
        if not self.held:
            msg = "the operation is not held"
            raise RefusedError(msg)
        self.record(events.Resumed(at=at, by=by))

    # --- endings ------------------------------------------------------------

    def succeed(self, reason: str = "") -> None:
        """End well: verified after the flash, or found installed before it."""
        self._require_going_on()
        if not (
            self.outcome_verified if self.has_begun_flash else self.found_installed
        ):
            msg = "success needs a verified outcome"
            raise RefusedError(msg)
        self.record(events.Succeeded(reason=reason))

    def fail(self, reason: str, evidence: str = "") -> None:
        self._require_going_on()
        self.record(events.Failed(reason=reason, evidence=evidence))

    def abort(self, reason: str, evidence: str = "") -> None:
        """End with the router as it was."""
        self._require_going_on()
        self._require_before_flash()
        self.record(events.Aborted(reason=reason, evidence=evidence))

    # --- rules --------------------------------------------------------------

    def _require_going_on(self) -> None:
        self._require_in_progress()
        self._require_not_held()

    def _require_not_held(self) -> None:
        if self.held:
            msg = f"the operation is held: {self.held}"
            raise RefusedError(msg)

    def _require_in_progress(self) -> None:
        if self.has_ended:
            msg = f"the operation has ended with status: {self.status}"
            raise AlreadyEndedError(msg)

    def _require_before_flash(self) -> None:
        if self.has_begun_flash:
            msg = "the flash has begun"
            raise RefusedError(msg)

    def _require_flash_begun(self) -> None:
        if not self.has_begun_flash:
            msg = "the flash has not begun"
            raise RefusedError(msg)


def _require_no_decision(facts: tuple[OperationEvent, ...]) -> None:
    if any(isinstance(fact, events.FlashBegun | events.Ended) for fact in facts):
        msg = "the flash and the end are decided by commands of their own"
        raise RefusedError(msg)


OperationEvent.AGGREGATE = UpgradeOperation
