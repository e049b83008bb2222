"""Do the work of a runner in this process, where no other one does it."""

import os
import socket
from threading import Event as Signal
from uuid import UUID

from application.batches.keeper import keeping
from application.flashlog import Flashlog
from application.procedure.advance import advance
from application.projecting import standing_in
from application.runner import Runner

# How often to look whether a runner has come up that takes over, in seconds.
_LOOK_SECONDS_MAX = 1.0


def run_operation(flashlog: Flashlog, operation_id: UUID, stop: Signal) -> None:
    """Visit the router until nothing is left to do, or a runner takes over.

    Killed at any moment, nothing is lost: whoever runs next goes on from the log.
    """
    runner = f"{socket.gethostname()}-{os.getpid()}-foreground"
    while not stop.is_set() and not flashlog.is_worked():
        due_at = advance(flashlog, operation_id, runner=runner)
        flashlog.show(flashlog.log.end())
        if due_at is None:
            return
        wait_seconds = due_at - flashlog.clock.now().timestamp()
        if wait_seconds > 0:
            stop.wait(min(wait_seconds, _LOOK_SECONDS_MAX))


def run_all(flashlog: Flashlog, stop: Signal) -> None:
    """Work at everything that is due until told to stop, as a runner does."""
    with (
        flashlog.presence.of("runner"),
        flashlog.among("runner", when_first=flashlog.due.release_everything),
        standing_in(flashlog),
        keeping(flashlog),
    ):
        Runner(flashlog).run(stop)
