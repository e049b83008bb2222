"""What the read models say, and that it still stands when something is appended."""

from collections.abc import Collection

from application.adapters.log.fences import NoneSince
from application.errors import LogBusyError
from application.flashlog import Flashlog


def up_to_now(flashlog: Flashlog, topics: Collection[str]) -> NoneSince:
    """Let the read models show everything; what is asked of them afterwards stands.

    Returns what must not come after that: events of these topics. Raises LogBusyError
    where the read models do not keep up.
    """
    position = flashlog.log.end()
    if not flashlog.show(position):
        msg = "the read models are behind the log just now: try again"
        raise LogBusyError(msg)
    return NoneSince(position, topics)
