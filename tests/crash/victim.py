"""A runner in a process of its own that dies, or freezes, at one chosen moment.

Everything but that moment is the runner as it ships.
"""

import os
import signal
import threading
from pathlib import Path
from uuid import UUID

from application.commands.operations import cancel_operation
from application.flashlog import Flashlog
from application.runner import Runner
from application.settings import Settings
from domain.errors import RefusedError
from domain.operation.operation import UpgradeOperation
from tests.procedure.moments import Moments, WatchedConnector, watch_appends

PATIENCE_SECONDS = 45.0


def live(
    settings: Settings,
    operation_id: UUID,
    trail: str,
    at: int | str | None = None,
    act: int = signal.SIGKILL,
    cancel_after: str = "",
) -> None:
    """Run until the operation is settled; exit 0 then, 1 when patience is over."""
    moments = Moments(Path(trail), at, lambda: os.kill(os.getpid(), act))
    flashlog = Flashlog(settings)
    flashlog.connector = WatchedConnector(flashlog.connector, moments)

    def cancel(names: list[str]) -> None:
        if cancel_after in names:
            try:
                cancel_operation(flashlog, operation_id=operation_id)
            except RefusedError:
                moments.reach("cancel refused")

    watch_appends(flashlog, moments, then=cancel)
    with flashlog.among("runner", when_first=flashlog.due.release_everything):
        stop = threading.Event()
        threads = [
            threading.Thread(target=work, args=(stop,), daemon=True)
            for work in (flashlog.projector.run, Runner(flashlog).run)
        ]
        for thread in threads:
            thread.start()
        settled = _wait(flashlog, operation_id, stop)
        stop.set()
        for thread in threads:
            thread.join(10)
    os._exit(0 if settled else 1)


def _wait(flashlog: Flashlog, operation_id: UUID, stop: threading.Event) -> bool:
    seen = 0
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        # Its whole story is read again only where the log has grown.
        if (end := flashlog.log.end()) != seen:
            seen = end
            if flashlog.log.get(UpgradeOperation, operation_id).is_settled:
                return True
        stop.wait(0.02)
    return False
