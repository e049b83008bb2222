"""What was installed on a router and the new image lacks: lost only if that is said."""

from application.errors import RefusedStepError
from application.image_contents import packages_of_image
from application.procedure import checks, rollout
from application.procedure.visit import Visit
from application.router.router import Router
from domain.packages import lacking


def check(visit: Visit, router: Router) -> None:
    """Refuse to lose packages that nobody has called expendable.

    The router is asked only where it is known what is in the image. Raises
    RefusedStepError.
    """
    if checks.options_of(visit).o:
        return
    contained = packages_of_image(visit.flashlog.log, visit.operation.image_id)
    if contained is None:
        return
    installed = router.packages()
    if installed is None:
        return
    if (visit.device.packages or ()) != installed:
        visit.write(lambda _: None, also=lambda device: device.note_packages(installed))
    lost = lacking(
        installed,
        contained=contained,
        expendable=rollout.expendable_of(visit.flashlog.log, visit.operation),
    )
    if lost:
        names = ", ".join(lost)
        msg = (
            f"the image lacks packages that were installed on the router: {names}. "
            "Call them expendable at the start, or add them to the image"
        )
        raise RefusedStepError(msg)
