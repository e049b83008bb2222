"""What was installed on a router and the new image lacks: lost only if that is said."""

from application.errors import RefusedStepError
from application.procedure import checks, rollout
from application.procedure.visit import Visit
from application.router.facts import RouterFacts
from application.router.router import Router
from domain.catalogue import Build
from domain.packages import lacking


def check(visit: Visit, router: Router, facts: RouterFacts) -> None:
    """Refuse to lose packages that the batch does not call expendable.

    Asked only of members of a batch whose build has a manifest for the router's
    target. Raises RefusedStepError.
    """
    batch = rollout.batch_of(visit.flashlog.log, visit.operation)
    image = checks.image_of(visit).facts
    manifest = visit.flashlog.log.get(Build, image.build_id).manifests.get(facts.target)
    if batch is None or manifest is None or checks.options_of(visit).o:
        return
    installed = router.packages()
    if installed is None:
        return
    if (visit.device.packages or ()) != installed:
        visit.write(lambda _: None, also=lambda device: device.note_packages(installed))
    lost = lacking(
        installed,
        manifest=manifest,
        device_packages=image.device_packages,
        expendable=batch.plan.expendable_packages,
    )
    if lost:
        names = ", ".join(lost)
        msg = (
            f"the image lacks packages that were installed on the router: {names}. "
            "Start a batch that calls them expendable, or add them to the image"
        )
        raise RefusedStepError(msg)
