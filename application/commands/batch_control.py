"""Mass upgrades that go on: hold, resume, cancel."""

from uuid import UUID

from application.errors import AlreadyEndedError
from application.flashlog import Flashlog
from domain.batch.batch import Batch

_ENDED = ("success", "failed", "cancelled")


def hold_batch(
    flashlog: Flashlog, *, batch_id: UUID, reason: str = "", by: UUID | None = None
) -> None:
    """Let no further flash begin. Raises AlreadyEndedError, RefusedError."""
    _require_going_on(flashlog, batch_id)

    def hold() -> int:
        batch = flashlog.log.get(Batch, batch_id)
        batch.hold(reason or "by a person", by=by)
        return flashlog.log.append(batch)

    flashlog.show(flashlog.log.decide(hold))


def resume_batch(flashlog: Flashlog, *, batch_id: UUID, by: UUID | None = None) -> None:
    """Let flashes begin again; failures are counted anew.

    Raises AlreadyEndedError, RefusedError.
    """
    _require_going_on(flashlog, batch_id)

    def resume() -> int:
        batch = flashlog.log.get(Batch, batch_id)
        batch.resume(by=by)
        return flashlog.log.append(batch)

    flashlog.show(flashlog.log.decide(resume))


def cancel_batch(flashlog: Flashlog, *, batch_id: UUID, by: UUID | None = None) -> None:
    """Let no further operation and no further flash begin.

    What was not flashed is cancelled in the background; what was goes on to its end.
    Raises AlreadyEndedError.
    """
    _require_going_on(flashlog, batch_id)

    def cancel() -> int:
        batch = flashlog.log.get(Batch, batch_id)
        batch.cancel(by=by)
        return flashlog.log.append(batch)

    flashlog.show(flashlog.log.decide(cancel))


def _require_going_on(flashlog: Flashlog, batch_id: UUID) -> None:
    row = flashlog.views.one("batch", str(batch_id))
    if row is not None and row["status"] in _ENDED:
        msg = f"the batch has ended with status: {row['status']}"
        raise AlreadyEndedError(msg)
