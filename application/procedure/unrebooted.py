"""A router that has its old boot id after the flash was begun: what became of it."""

from application.procedure import flash
from application.procedure.patience import is_overdue, not_yet
from application.procedure.settle import end
from application.procedure.visit import Visit
from application.router.facts import RouterFacts
from application.router.router import Router


def judge_unrebooted(visit: Visit, router: Router, facts: RouterFacts) -> None:
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
    elif is_overdue(visit):
        _fail_before_reboot(
            visit,
            router,
            "sysupgrade was started but the router did not reboot within "
            f"{visit.settings.upgrade_timeout_seconds:.0f} s",
        )
    else:
        not_yet(
            visit,
            "the router has not rebooted yet",
            answered=True,
            canary_left=facts.canary == str(visit.operation.id),
        )


def _send_again(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Send a flash that was recorded but never began: the runner died in between."""
    if is_overdue(visit):
        _fail_before_reboot(visit, router, "the router did not begin the flash")
        return
    visit.begin()
    flash.send(visit, router, facts)
    if not visit.operation.has_ended:
        not_yet(visit, "the flash command was sent again", answered=True)


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
        not_yet(visit, reason, answered=True)
    else:
        end(visit, None, lambda operation: operation.fail(reason))
