"""After the flash: look, until evidence says how it ended or patience is over."""

from application.errors import (
    AuthenticationFailedError,
    HostKeyChangedError,
    StepError,
)
from application.ports import Session
from application.procedure import checks
from application.procedure.outcome import Outcome, WrongOutcomeError, prove
from application.procedure.patience import give_up, not_yet
from application.procedure.reach import pinned
from application.procedure.unrebooted import judge_unrebooted
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
        not_yet(visit, short(error), answered=False)


def _look(visit: Visit) -> None:
    keeps = checks.options_of(visit).keeps_configuration
    if keeps or visit.device.host_key is not None:
        try:
            with visit.reach() as (session, router):
                _judge(visit, session, router)
                return
        except (HostKeyChangedError, AuthenticationFailedError):
            if keeps:
                raise
    # Without the configuration the host key is a new one; who it is, a MAC proves.
    with visit.reach(accept_new_host_key=True) as (session, router):
        _judge(visit, session, router)


def _judge(visit: Visit, session: Session, router: Router) -> None:
    facts = router.inspect(directory=visit.settings.upload_directory, path=visit.path)
    before = visit.operation.before
    if before is None or facts.boot_id == before.boot_id:
        judge_unrebooted(visit, router, facts)
        return
    try:
        outcome = prove(visit, router, facts)
    except IdentityRefusedError as error:
        # Not ours: it proves nothing about what became of ours.
        give_up(visit, short(error))
        return
    except WrongOutcomeError as error:
        _fail_after_reboot(visit, session, facts, short(error))
        return
    if outcome.still_unhealthy:
        reconnected = _reconnected(visit, session, facts)
        not_yet(visit, outcome.still_unhealthy, answered=True, learned=(reconnected,))
        return
    _succeed(visit, session, router, facts, outcome)


def _fail_after_reboot(
    visit: Visit, session: Session, facts: RouterFacts, reason: str
) -> None:
    reconnected = _reconnected(visit, session, facts)

    def decide(operation: UpgradeOperation) -> None:
        operation.observe(reconnected)
        operation.settle_by(SettledBy.REBOOT)
        operation.fail(reason)

    visit.conclude(decide)


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
    visit.conclude(
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
