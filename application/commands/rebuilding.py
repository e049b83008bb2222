"""Make the read models again from the log."""

from application.errors import RefusedError
from application.flashlog import Flashlog


def rebuild_views(flashlog: Flashlog, *, limit_seconds: float = 3600.0) -> int:
    """Drop the read models and project the whole log; returns the position reached.

    Works at any time: where a service runs, its own projector makes them again.
    Raises RefusedError when that does not come to an end within the limit.
    """
    with flashlog.alone("projector") as is_alone:
        if is_alone:
            return flashlog.projector.rebuild()
    end = flashlog.log.end()
    flashlog.projector.drop()
    if not flashlog.views.wait_for(end, limit_seconds=limit_seconds):
        msg = (
            "the projector of the running service has not made the read models again "
            "yet: look at its log"
        )
        raise RefusedError(msg)
    return end
