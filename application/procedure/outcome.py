"""The outcome by evidence: identity, boot id, revision, canary, health checks."""

from datetime import timedelta

import msgspec

from application.procedure import checks
from application.procedure.visit import Visit
from application.router.facts import RouterFacts
from application.router.router import Router
from domain import identity
from domain.catalogue import Build, ImageAdded
from domain.operation.words import Evidence


class WrongOutcomeError(Exception):
    """The router came back, but not as it should."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What proves that the new firmware runs.

    `still_unhealthy` is not blank while health checks fail that may yet pass.
    """

    identity: str
    proved_by: str
    health_checks: tuple[str, ...] = ()
    still_unhealthy: str = ""


def prove(visit: Visit, router: Router, facts: RouterFacts) -> Outcome:
    """Judge a router that has rebooted since the flash was begun.

    Raises WrongOutcomeError, or RefusedError where it is another router.
    """
    before = visit.operation.before
    if before is None:
        msg = "there is no evidence from before the flash"
        raise WrongOutcomeError(msg)
    who = identify_again(visit, facts)
    image = checks.image_of(visit).facts
    proved_by = _proof(visit, before, image, facts)
    health_checks = visit.flashlog.log.get(Build, image.build_id).health_checks
    sick = _first_failure(visit, router, health_checks)
    if sick and _patience_is_over(visit):
        raise WrongOutcomeError(sick)
    if not proved_by and not sick:
        if not health_checks:
            raise WrongOutcomeError(_cannot_tell(facts))
        proved_by = "health checks"
    return Outcome(
        identity=who,
        proved_by=proved_by,
        health_checks=health_checks,
        still_unhealthy=sick,
    )


def identify_again(visit: Visit, facts: RouterFacts) -> str:
    """Tell by what it is still the router that was verified before it rebooted.

    Raises RefusedError for another one.
    """
    expected = checks.expected(visit.device)
    before = visit.operation.before
    # What was never flashed still has its configuration.
    keeps = (
        checks.options_of(visit).keeps_configuration
        or not visit.operation.has_begun_flash
    )
    if before and not keeps:
        # The UUIDs were part of the configuration; the MACs were noted before.
        expected = msgspec.structs.replace(
            expected, macs=(*expected.macs, *before.macs)
        )
    verified = identity.judge(expected, checks.found(facts), configuration_kept=keeps)
    return verified.value


def _proof(
    visit: Visit, before: Evidence, image: ImageAdded, facts: RouterFacts
) -> str:
    """Return what proves the flash, blank where nothing but a health check can."""
    if image.revision and facts.revision != image.revision:
        if facts.revision == before.revision:
            msg = (
                f"the router came back with the old firmware {_release(facts)}: "
                f"expected revision {image.revision}. It did not flash, or it rolled "
                "back"
            )
            raise WrongOutcomeError(msg)
        msg = (
            f"the router came back with another firmware {_release(facts)}: expected "
            f"revision {image.revision}"
        )
        raise WrongOutcomeError(msg)
    if facts.revision != before.revision:
        return "new boot id and revision"
    if checks.options_of(visit).o:
        # With the whole overlay the file is kept, too.
        return ""
    if facts.canary == str(visit.operation.id):
        msg = (
            f"the router came back with the old firmware {_release(facts)}: the file "
            "that a flash wipes out is still there"
        )
        raise WrongOutcomeError(msg)
    if not visit.operation.canary_left:
        return ""
    return "new boot id and wiped canary file"


def _first_failure(visit: Visit, router: Router, health_checks: tuple[str, ...]) -> str:
    for command in health_checks:
        result = router.health(
            command, limit_seconds=int(visit.settings.health_check_seconds)
        )
        if result.exit_status != 0:
            said = " ".join(result.output)[-500:]
            return (
                f"health check `{command}` failed with exit status "
                f"{result.exit_status}: {said}"
            )
    return ""


def _patience_is_over(visit: Visit) -> bool:
    since = visit.operation.reconnected_at
    limit = timedelta(seconds=visit.settings.health_retry_seconds)
    return since is not None and visit.now() - since > limit


def _cannot_tell(facts: RouterFacts) -> str:
    return (
        f"old and new firmware have the same revision {facts.revision}, and no file "
        "could be left that only a flash wipes out: nothing proves that the flash "
        "happened. Give the build a health check that tells them apart"
    )


def _release(facts: RouterFacts) -> str:
    return f"{facts.release} {facts.revision}".strip()
