"""Give back what was taken from a router, and end an operation."""

from collections.abc import Callable

from application.errors import StepError
from application.procedure.outcome import identify_again
from application.procedure.visit import Visit, short
from application.router.refusals import GuardRefusedError, Refusal
from application.router.router import Router
from domain.device.device import Device
from domain.errors import RefusedError
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy

Ending = Callable[[UpgradeOperation], None]

# A refusal that proves that nothing is owed any more, and who gave it back. A switch
# that has fired may still be at it: what it gave back is asked for, not believed.
_SETTLED = {
    Refusal.REBOOTED: SettledBy.REBOOT,
    Refusal.SETTLED: SettledBy.FLASHLOG,
    Refusal.FOREIGN: SettledBy.FLASHLOG,
}


def settled_by_refusal(word: Refusal) -> SettledBy | None:
    return _SETTLED.get(word)


def end(
    visit: Visit,
    router: Router | None,
    ending: Ending,
    *,
    also: Callable[[Device], None] | None = None,
    unless_open: Callable[[str], None] | None = None,
) -> None:
    """Give back while the router answers, then end: one append for both.

    `also` decides on the device in the same transaction. `unless_open` is called with
    the cause instead, where the router did not take our hand off it: what was sent to
    it before may still happen.
    """
    settle, cause, is_open = settlement(visit, router)
    if is_open and unless_open is not None:
        unless_open(cause)
        return

    def decide(operation: UpgradeOperation) -> None:
        if settle is not None:
            settle(operation)
        ending(operation)
        if operation.owed:
            visit.postpone_settlement(operation, cause)

    visit.conclude(decide, also=also, is_last=True)


def give_back(visit: Visit, router: Router, *, is_due: bool = False) -> None:
    """Settle what an operation owes that has ended, over an open session.

    `is_due`: a visit for what is owed is due already. Where our session is the trouble,
    that one comes over another.
    """
    if not visit.operation.owed:
        return
    settle, cause, _ = settlement(visit, router)
    if settle is not None:
        visit.conclude(settle)
    elif not is_due:
        visit.conclude(lambda operation: visit.postpone_settlement(operation, cause))


def visit_for_owed(visit: Visit) -> None:
    """Visit a router only to give back what an ended operation owes it."""
    visit.begin()
    try:
        with visit.reach() as (_, router):
            give_back(visit, router)
    except StepError as error:
        cause = short(error)
        visit.conclude(lambda operation: visit.postpone_settlement(operation, cause))


def settlement(visit: Visit, router: Router | None) -> tuple[Ending | None, str, bool]:
    """Return how to record what was given back, or None and why it was not.

    And whether what was sent to the router before may still happen.
    """
    if not visit.operation.owed:
        return None, "", False
    if router is None:
        return None, "it is given back at the next visit", True
    try:
        settlement = router.settle(visit.fence(), path=visit.path, owed=visit.owed())
    except GuardRefusedError as refusal:
        return _by_refusal(visit, router, refusal)
    except StepError as error:
        return None, short(error), True
    if settlement.is_complete:
        return _by(SettledBy.FLASHLOG, settlement.restored), "", False
    waiting = ", ".join(settlement.not_restored) or "the router"
    return None, f"not everything came back yet: {waiting}", False


def _by_refusal(
    visit: Visit, router: Router, refusal: GuardRefusedError
) -> tuple[Ending | None, str, bool]:
    if refusal.word is Refusal.REBOOTED:
        # Any other router at the address has another boot id, too.
        try:
            identify_again(visit, router.inspect())
        except (RefusedError, StepError) as error:
            return None, short(error), True
    by = settled_by_refusal(refusal.word)
    return (_by(by) if by else None), short(refusal), by is None


def _by(who: SettledBy, services: tuple[str, ...] | None = None) -> Ending:
    return lambda operation: operation.settle_by(who, services=services)
