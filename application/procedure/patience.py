"""How long a router is looked for after the flash was begun, and when to give up."""

from datetime import timedelta

from application.procedure.visit import Visit, short
from domain.operation import events
from domain.operation.operation import UpgradeOperation


def not_yet(
    visit: Visit,
    reason: str,
    *,
    answered: bool,
    canary_left: bool = False,
    learned: tuple[events.OperationEvent, ...] = (),
) -> None:
    """Look again later; a router that did not answer, only for as long as allowed."""
    settings, operation = visit.settings, visit.operation
    if operation.looks >= settings.reconnect_retries_max and not answered:
        give_up(
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
    visit.conclude(lambda operation: operation.observe(*learned, attempted))


def give_up(visit: Visit, reason: str) -> None:
    """Fail without evidence from our router; what it is owed, a person must see to."""

    def decide(operation: UpgradeOperation) -> None:
        operation.fail(reason)
        if operation.owed:
            operation.give_up_obligations(reason=reason)

    visit.conclude(decide, is_last=True)


def stumble(visit: Visit, error: Exception) -> None:
    """Count a look that failed in our own house, so that patience still ends."""
    not_yet(visit, f"internal error: {short(error)}", answered=False)


def is_overdue(visit: Visit) -> bool:
    """Whether the flash should have been refused or have rebooted the router by now."""
    begun_at = visit.operation.flash_begun_at
    limit = timedelta(seconds=visit.settings.upgrade_timeout_seconds)
    return begun_at is not None and visit.now() - begun_at > limit
