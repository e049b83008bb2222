"""The point of no return, and sending the command at most once."""

from datetime import timedelta

from application.errors import LinkLostError, UnexpectedError
from application.procedure import checks
from application.procedure.settle import end, settled_by_refusal
from application.procedure.visit import OvertakenError, Visit, short
from application.router.arguments import CANARY_PATH, sysupgrade_command
from application.router.facts import RouterFacts
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.operation import events

# Nothing is concluded from these: the next look finds out what became of the flash.
_LOOK_AGAIN = frozenset(
    {Refusal.FLASH_GUARD, Refusal.FLASHING, Refusal.BUSY, Refusal.REBOOTED}
)
_REASONS = {
    Refusal.GONE: (
        "Flashlog's directory on the router was deleted before the flash could start"
    ),
    Refusal.FIRED: "the dead-man's switch fired before the flash could start",
}


def begin(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Record that the flash has begun, then send it.

    Cancel, deactivation and flash are decided by the same two stories: who appends
    first wins. Raises RefusedError where the device was deactivated.
    The lease of the switch is pushed out first, so that it does not run out between
    the record and the act.
    """
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
        ),
        also=lambda device: device.allow_flash(visit.operation.id),
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
    visit.conclude(lambda operation: operation.observe(lost))


def _not_sent(visit: Visit, router: Router, refusal: GuardRefusedError) -> None:
    if refusal.word in _LOOK_AGAIN:
        return
    if refusal.word is Refusal.NEWER_VISIT:
        raise OvertakenError(short(refusal))
    by = settled_by_refusal(refusal.word)
    if by is not None:
        visit.write(lambda operation: operation.settle_by(by))
    reason = _REASONS.get(refusal.word, short(refusal))
    # Where the router does not take our hand off it, the next look finds out more.
    end(
        visit,
        router if by is None else None,
        lambda operation: operation.fail(f"{reason}; the firmware is unchanged"),
        unless_open=lambda _: None,
    )
