"""The point of no return, and sending the command at most once."""

from datetime import timedelta

from application.errors import LinkLostError, RefusedStepError, UnexpectedError
from application.procedure import checks
from application.procedure.settle import end, settled_by_refusal
from application.procedure.visit import OvertakenError, Visit, short
from application.router.arguments import CANARY_PATH, sysupgrade_command
from application.router.facts import RouterFacts
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.device.device import Device
from domain.operation import events

_REASONS = {
    Refusal.REBOOTED: "the router rebooted before the flash could start",
    Refusal.FIRED: "the dead-man's switch fired before the flash could start",
}


def begin(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Record that the flash has begun, then send it.

    The lease of the switch is pushed out first, so that it does not run out between
    the record and the act.
    """
    if not visit.flashlog.log.get(Device, visit.device.id).is_active:
        msg = "the device was deactivated meanwhile"
        raise RefusedStepError(msg)
    lease_seconds = int(visit.settings.switch_lease_seconds)
    router.extend(visit.fence(), lease_seconds=lease_seconds)
    flags = checks.flags(visit, facts)
    now = visit.now()
    visit.write(
        lambda operation: operation.begin_flash(
            command=sysupgrade_command(visit.path, flags),
            canary=CANARY_PATH,
            at=now,
            look_at=now + timedelta(seconds=visit.settings.reconnect_delay_seconds),
        )
    )
    send(visit, router, facts)


def send(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Send the guarded flash script; a router that began already does nothing."""
    canary_left = False
    try:
        canary_left = router.flash(
            visit.fence(),
            path=visit.path,
            flags=checks.flags(visit, facts),
            sha256=checks.image_of(visit).facts.sha256,
            lease_seconds=int(visit.settings.switch_lease_seconds),
        )
    except GuardRefusedError as refusal:
        _not_sent(visit, router, refusal)
        return
    except (LinkLostError, UnexpectedError) as error:
        reason = f"the session ended while the flash was being started: {short(error)}"
    else:
        reason = "flash started; the router ends every session and reboots"
    lost = events.ConnectionLost(reason=reason, canary_left=canary_left)
    visit.write(lambda operation: operation.observe(lost))


def _not_sent(visit: Visit, router: Router, refusal: GuardRefusedError) -> None:
    if refusal.word in {Refusal.FLASH_GUARD, Refusal.FLASHING, Refusal.BUSY}:
        return
    if refusal.word is Refusal.NEWER_VISIT:
        raise OvertakenError(short(refusal))
    by = settled_by_refusal(refusal.word)
    if by is not None:
        visit.write(lambda operation: operation.settle_by(by))
    reason = _REASONS.get(refusal.word, short(refusal))
    if refusal.word is not Refusal.SYSUPGRADE:
        reason += "; the firmware is unchanged"
    end(
        visit,
        router if by is None else None,
        lambda operation: operation.fail(reason),
    )
