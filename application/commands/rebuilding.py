"""Make the read models again from the log."""

from application.errors import RefusedError
from application.flashlog import Flashlog


def rebuild_views(flashlog: Flashlog) -> int:
    """Drop the read models and project the whole log; returns the position reached.

    Raises RefusedError while another process projects.
    """
    with flashlog.alone("projector") as is_alone:
        if not is_alone:
            msg = "a service is running here and projects: stop it first"
            raise RefusedError(msg)
        return flashlog.projector.rebuild()
