"""After the flash: look, until evidence says how it ended or patience is over."""

from datetime import timedelta

from application.errors import (
    AuthenticationFailedError,
    HostKeyChangedError,
    StepError,
)
from application.ports import Session
from application.procedure import checks, flash
from application.procedure.outcome import Outcome, WrongOutcomeError, prove
from application.procedure.reach import pinned, reach
from application.procedure.settle import end
from application.procedure.visit import Visit, short
from application.router.facts import RouterFacts
from application.router.refusals import GuardRefusedError
from application.router.router import Router
from domain.identity import IdentityRefusedError
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy


def look(visit: Visit) -> None:
    """Look once over every address that the device has by now."""
    try:
        _look(visit)
    except StepError as error:
        _not_yet(visit, short(error), answered=False)


def _look(visit: Visit) -> None:
    keeps = checks.options_of(visit).keeps_configuration
    if keeps or visit.device.host_key is not None:
        try:
            with reach(visit.flashlog, visit.device) as (session, router):
                _judge(visit, session, router)
                return
        except (HostKeyChangedError, AuthenticationFailedError):
            if keeps:
                raise
    # Without the configuration the host key is a new one; who it is, a MAC proves.
    with reach(visit.flashlog, visit.device, accept_new_host_key=True) as (
        session,
        router,
    ):
        _judge(visit, session, router)


def _judge(visit: Visit, session: Session, router: Router) -> None:
    facts = router.inspect(directory=visit.settings.upload_directory, path=visit.path)
    before = visit.operation.before
    if before is None or facts.boot_id == before.boot_id:
        _judge_old_boot(visit, router, facts)
        return
    try:
        outcome = prove(visit, router, facts)
    except IdentityRefusedError as error:
        # Not ours: it proves nothing about what became of ours.
        _give_up(visit, short(error))
        return
    except WrongOutcomeError as error:
        _fail_after_reboot(visit, session, facts, short(error))
        return
    if outcome.still_unhealthy:
        reconnected = _reconnected(visit, session, facts)
        _not_yet(visit, outcome.still_unhealthy, answered=True, learned=(reconnected,))
        return
    _succeed(visit, session, router, facts, outcome)


def _judge_old_boot(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Judge a router that has not rebooted: refused, hung, never begun, or not yet."""
    found = facts.flash
    if found.was_refused:
        said = "\n".join(found.log)[-2000:]
        _fail_before_reboot(
            visit,
            router,
            f"sysupgrade refused the image (exit status {found.status}): {said}",
        )
    elif facts.switch_fired:
        _fail_before_reboot(visit, router, "the dead-man's switch fired first")
    elif not found.guard and not found.running:
        _send_again(visit, router, facts)
    elif _is_overdue(visit):
        _fail_before_reboot(
            visit,
            router,
            "sysupgrade was started but the router did not reboot within "
            f"{visit.settings.upgrade_timeout_seconds:.0f} s",
        )
    else:
        _not_yet(
            visit,
            "the router has not rebooted yet",
            answered=True,
            canary_left=facts.canary == str(visit.operation.id),
        )


def _send_again(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Send a flash that was recorded but never began: the runner died in between."""
    if _is_overdue(visit):
        _fail_before_reboot(visit, router, "the flash command never reached the router")
        return
    visit.begin()
    flash.send(visit, router, facts)
    if not visit.operation.has_ended:
        _not_yet(visit, "the flash command was sent again", answered=True)


def _is_overdue(visit: Visit) -> bool:
    begun_at = visit.operation.flash_begun_at
    limit = timedelta(seconds=visit.settings.upgrade_timeout_seconds)
    return begun_at is not None and visit.now() - begun_at > limit


def _fail_before_reboot(visit: Visit, router: Router, reason: str) -> None:
    visit.begin()
    end(
        visit,
        router,
        lambda operation: operation.fail(f"{reason}; the firmware is unchanged"),
        unless_open=lambda cause: _stay(visit, f"{reason}, but {cause}"),
    )


def _stay(visit: Visit, reason: str) -> None:
    """Keep looking at a router that may still flash, for as long as at any other."""
    if visit.operation.looks < visit.settings.reconnect_retries_max:
        _not_yet(visit, reason, answered=True)
    else:
        end(visit, None, lambda operation: operation.fail(reason))


def _fail_after_reboot(
    visit: Visit, session: Session, facts: RouterFacts, reason: str
) -> None:
    reconnected = _reconnected(visit, session, facts)

    def decide(operation: UpgradeOperation) -> None:
        operation.observe(reconnected)
        operation.settle_by(SettledBy.REBOOT)
        operation.fail(reason)

    visit.write(decide)


def _succeed(
    visit: Visit,
    session: Session,
    router: Router,
    facts: RouterFacts,
    outcome: Outcome,
) -> None:
    reconnected = _reconnected(visit, session, facts)
    verified = events.OutcomeVerified(
        boot_id=facts.boot_id,
        identity=outcome.identity,
        release=facts.release,
        revision=facts.revision,
        proved_by=outcome.proved_by,
        health_checks=outcome.health_checks,
    )
    visit.begin()

    def record_outcome(operation: UpgradeOperation) -> None:
        operation.observe(reconnected, verified)
        operation.settle_by(SettledBy.REBOOT)

    visit.write(record_outcome)
    note = _write_marker(visit, router, facts)
    visit.write(
        lambda operation: operation.succeed(note),
        also=lambda device: checks.note_installed(device, visit, session, facts),
    )


def _write_marker(visit: Visit, router: Router, facts: RouterFacts) -> str:
    """Leave the marker; a success stays one without it, the next upgrade costs more."""
    try:
        router.conclude(
            visit.fence(facts.boot_id),
            marker_sha256=checks.image_of(visit).facts.sha256,
        )
    except (StepError, GuardRefusedError) as error:
        return f"the marker could not be written: {short(error)}"
    return ""


def _reconnected(
    visit: Visit, session: Session, facts: RouterFacts
) -> events.Reconnected:
    return events.Reconnected(
        address=session.address,
        boot_id=facts.boot_id,
        at=visit.now(),
        host_key_fingerprint=pinned(session).fingerprint,
    )


def _not_yet(
    visit: Visit,
    reason: str,
    *,
    answered: bool,
    canary_left: bool = False,
    learned: tuple[events.OperationEvent, ...] = (),
) -> None:
    settings, operation = visit.settings, visit.operation
    if operation.looks >= settings.reconnect_retries_max and not answered:
        _give_up(
            visit,
            f"the router never came back as it should ({operation.looks} looks): "
            f"{reason}",
        )
        return
    look_at = visit.pause(
        operation.looks,
        settings.reconnect_delay_seconds,
        settings.reconnect_retry_delay_seconds,
    )
    attempted = events.ReconnectAttempted(
        reason=reason, look_at=look_at, answered=answered, canary_left=canary_left
    )
    visit.write(lambda operation: operation.observe(*learned, attempted))


def _give_up(visit: Visit, reason: str) -> None:
    def decide(operation: UpgradeOperation) -> None:
        operation.fail(reason)
        if operation.owed:
            operation.give_up_obligations(reason=reason)

    visit.write(decide)


def stumble(visit: Visit, error: Exception) -> None:
    """Count a look that failed in our own house, so that patience still ends."""
    _not_yet(visit, f"internal error: {short(error)}", answered=False)
