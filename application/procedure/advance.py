"""One visit to the router of one operation."""

import logging
from contextlib import suppress
from threading import Event
from uuid import UUID

from application.errors import StorageError
from application.flashlog import Flashlog
from application.observing.marks import marked
from application.observing.tracing import span
from application.procedure import rollout
from application.procedure.attempt import attempt, leave
from application.procedure.look import look
from application.procedure.patience import stumble
from application.procedure.settle import visit_for_owed
from application.procedure.visit import EndedMeanwhileError, OvertakenError, Visit
from domain.errors import NotFoundError, RefusedError
from domain.operation.operation import UpgradeOperation

_log = logging.getLogger(__name__)


def advance(
    flashlog: Flashlog,
    operation_id: UUID,
    *,
    runner: str,
    stop: Event | None = None,
) -> float | None:
    """Do the next piece of work of an operation, as the log says where it is.

    Returns when to come back, in seconds since 1970, or None when nothing is left.
    Safe to call at any time and by several runners: the log and the router fence.
    When `stop` is set while bytes flow the visit ends there; another one goes on.
    """
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    due_at = operation.next_visit_at
    if due_at is None or due_at > flashlog.clock.now():
        return due_at.timestamp() if due_at else None
    ids = {"operation": str(operation_id), "device": str(operation.device_id)}
    with marked(**ids), span("visit", **ids):
        return _visit(flashlog, operation, runner=runner, stop=stop or Event())


def _visit(
    flashlog: Flashlog, operation: UpgradeOperation, *, runner: str, stop: Event
) -> float | None:
    try:
        visit = Visit(flashlog, operation, runner=runner, stop=stop)
    except NotFoundError:
        _end_without_device(flashlog, operation.id)
        return None
    try:
        _go(visit)
    except OvertakenError as error:
        _log.info("action=overtaken %s", error)
    except StorageError:
        # Nothing can be recorded now: come back when the lease has run out.
        raise
    except Exception as error:  # noqa: BLE001 - any defect of ours must still end
        _log.exception("action=visit_failed")
        _recover(visit, error)
    visit.close()
    operation = flashlog.log.get(UpgradeOperation, operation.id)
    flashlog.turns.end(operation)
    return operation.next_visit_at.timestamp() if operation.next_visit_at else None


def _end_without_device(flashlog: Flashlog, operation_id: UUID) -> None:
    """End what nobody can be visited for: without a device there is no way to it."""
    reason = "the device is not in the inventory: there is no router to visit"

    def decide() -> None:
        operation = flashlog.log.get(UpgradeOperation, operation_id)

        def end() -> None:
            if operation.has_begun_flash and not operation.has_ended:
                operation.fail(reason)
            elif not operation.has_ended:
                operation.abort(reason)
            if operation.owed:
                operation.give_up_obligations(reason=reason)

        rollout.append(flashlog.log, operation, None, end)
        flashlog.turns.end(operation)

    flashlog.log.decide(decide)


def _recover(visit: Visit, error: Exception) -> None:
    """Make sure that an error of our own does not keep an operation going for ever."""
    with suppress(OvertakenError, EndedMeanwhileError):
        visit.reload()
        if visit.operation.has_ended and visit.operation.owed:
            cause = f"internal error: {error}"
            visit.write(lambda operation: visit.postpone_settlement(operation, cause))
        elif visit.operation.has_begun_flash and not visit.operation.has_ended:
            stumble(visit, error)
        elif not visit.operation.has_ended:
            leave(visit, f"internal error: {error}")


def _go(visit: Visit) -> None:
    """Choose by what the log says; come in again where it has changed meanwhile."""
    try:
        if visit.operation.has_ended:
            visit_for_owed(visit)
        elif visit.operation.has_begun_flash:
            look(visit)
        else:
            attempt(visit)
    except (EndedMeanwhileError, RefusedError) as error:
        # Whoever ended it has said in the log what comes next.
        _log.info("action=visit_ended %s", error)
