"""One attempt: from the first packet to the flash command, or back out of it."""

from collections.abc import Callable
from datetime import timedelta

from application.errors import (
    LinkLostError,
    RefusedStepError,
    UnexpectedError,
    UnreachableError,
)
from application.ports import Session
from application.procedure import checks, flash, log_ins, packages, room, upload
from application.procedure.settle import end, give_back, settled_by_refusal
from application.procedure.turn import (
    NoTurnError,
    has_begun_nothing,
    refusal_of,
    step_back,
    turn,
)
from application.procedure.visit import EndedMeanwhileError, Visit, short
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.batch.batch import BatchCancelledError, BatchHeldError
from domain.device.device import Device
from domain.errors import RefusedError
from domain.operation.operation import UpgradeOperation

# What the router's guard says that asks for another look, in the words of the log.
_COME_BACK = {
    Refusal.REBOOTED: "the router rebooted in the middle of the attempt",
    Refusal.FIRED: "the dead-man's switch fired: the router restored itself",
    Refusal.GONE: "Flashlog's directory on the router is gone: somebody deleted it",
    Refusal.DISARMED: "the dead-man's switch is not armed any more",
    Refusal.SETTLED: "everything was given back already",
    Refusal.BUSY: "another script on the router holds the lock",
    Refusal.FLASHING: "the router says that a flash is under way",
    Refusal.CHECKSUM: "the uploaded image changed on the router",
    Refusal.MISSING_FILE: "the uploaded image is gone from the router",
}


def attempt(visit: Visit) -> None:
    """Go as far as the router lets us: to the flash, to an end, or to a retry."""
    refusal = refusal_of(visit)
    if isinstance(refusal, BatchHeldError) and has_begun_nothing(visit):
        return
    visit.begin()
    operation = visit.operation
    if operation.restarts > visit.settings.restarts_max:
        cause = f"{operation.restarts} attempts were cut short by a crash or restart"
        leave(visit, cause, retry=False)
        return
    if refusal is not None and not operation.owed:
        step_back(visit, None, refusal)
        return
    if not visit.device.is_active:
        _abort(visit, None, "the device is deactivated")
        return
    try:
        with visit.reach() as (session, router):
            _try(visit, session, router)
    except UnreachableError as error:
        if refusal is None:
            leave(visit, short(error), also=_refused_log_ins(visit, error))
        else:
            step_back(visit, None, refusal)
    except RefusedStepError as error:
        # The host key changed: nothing secret was sent, nothing can be given back.
        _abort(visit, None, short(error))


def _try(visit: Visit, session: Session, router: Router) -> None:
    """Climb; whatever ends the climb, give back over the session that is open."""
    try:
        _climb(visit, session, router)
    except EndedMeanwhileError:
        give_back(visit, router, is_due=True)
    except (NoTurnError, BatchHeldError, BatchCancelledError) as refusal:
        _step_back(visit, router, refusal)
    except (RefusedStepError, RefusedError) as error:
        _abort(visit, router, short(error))
    except GuardRefusedError as error:
        _refused(visit, router, error)
    except UnexpectedError as error:
        message = short(error)
        _out(visit, router, lambda operation: operation.fail(message))
    except LinkLostError as error:
        leave(visit, short(error))
    except UnreachableError as error:
        leave(visit, short(error), router=router)


def _step_back(visit: Visit, router: Router, refusal: RefusedError) -> None:
    try:
        step_back(visit, router, refusal)
    except EndedMeanwhileError:
        give_back(visit, router, is_due=True)


def _climb(visit: Visit, session: Session, router: Router) -> None:
    visit.require_flash_allowed()
    facts = checks.identify(visit, session, router)
    if checks.is_installed(visit, facts):
        _out(
            visit,
            router,
            lambda operation: operation.succeed("the image is installed already"),
            also=lambda device: checks.note_installed(device, visit, session, facts),
        )
        return
    packages.check(visit, router)
    image = visit.flashlog.images.open(checks.image_of(visit).facts.sha256)
    with turn(visit):
        room.back_up(visit, router)
        kept = room.make(visit, router, facts, image)
        upload.run(visit, session, router, image, kept)
    checks.test_image(visit, router, facts)
    flash.begin(visit, router, facts)


def _refused(visit: Visit, router: Router, error: GuardRefusedError) -> None:
    if error.word is Refusal.NEWER_VISIT:
        visit.check()
        _abort(visit, None, f"the router has seen a newer visit than ours ({error})")
        return
    by = settled_by_refusal(error.word)
    if by is not None and visit.operation.owed:
        visit.write(lambda operation: operation.settle_by(by))
    cause = _COME_BACK.get(error.word)
    if cause is None:
        _abort(visit, router if by is None else None, short(error))
    else:
        leave(visit, cause)


def _abort(visit: Visit, router: Router | None, reason: str) -> None:
    _out(visit, router, lambda operation: operation.abort(reason))


def _out(
    visit: Visit,
    router: Router | None,
    ending: Callable[[UpgradeOperation], None],
    *,
    also: Callable[[Device], None] | None = None,
) -> None:
    try:
        end(visit, router, ending, also=also)
    except EndedMeanwhileError:
        if router is not None:
            give_back(visit, router, is_due=True)


def _refused_log_ins(visit: Visit, error: UnreachableError) -> Callable[[Device], None]:
    now = visit.now()
    return lambda device: log_ins.note_refused(device, error, at=now)


def leave(
    visit: Visit,
    cause: str,
    *,
    retry: bool = True,
    router: Router | None = None,
    also: Callable[[Device], None] | None = None,
) -> None:
    """Come back later while retries are left, else fail."""
    settings = visit.settings
    try:
        if retry and _may_retry(visit):
            not_before = visit.pause(
                visit.operation.retries,
                settings.retry_backoff_seconds,
                settings.retry_backoff_max_seconds,
            )
            visit.conclude(
                lambda operation: operation.schedule_retry(
                    cause=cause, not_before=not_before
                ),
                also=also,
            )
            return
        tried = f" (tried {visit.operation.retries + 1} times)" if retry else ""
        _out(visit, router, lambda operation: operation.fail(cause + tried), also=also)
    except EndedMeanwhileError:
        # Cancelled while we were on our way out: what is owed is visited next.
        return


def _may_retry(visit: Visit) -> bool:
    """Whether retries and time are left; asked only after a visit was made."""
    since = visit.operation.trying_since
    limit = timedelta(seconds=visit.settings.operation_seconds)
    is_young = since is None or visit.now() - since < limit
    return is_young and visit.operation.retries < visit.settings.retries_max
