"""A runner in a process of its own that dies, or freezes, at one chosen moment.

Moments are counted: before and after each append to the log, before and after each
act on the router. Everything else is the runner as it ships.
"""

import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from application.commands.operations import cancel_operation
from application.flashlog import Flashlog
from application.ports import Completed, Limits, Session, Target
from application.runner import Runner
from application.settings import Settings
from domain.errors import RefusedError
from domain.operation.operation import UpgradeOperation

PATIENCE_SECONDS = 45.0

T = TypeVar("T")


class Moments:
    """Counts moments, notes their names, and does something at one of them."""

    def __init__(self, trail: Path, at: int | None, act: signal.Signals) -> None:
        self._trail = trail
        self._at = at
        self._act = act
        self._count = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            number, self._count = self._count, self._count + 1
            with self._trail.open("a") as trail:
                trail.write(f"{name}\n")
        if number == self._at:
            os.kill(os.getpid(), self._act)


class WatchedSession:
    """A session whose acts are moments."""

    def __init__(self, session: Session, moments: Moments) -> None:
        self._session = session
        self._moments = moments

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)

    def execute(self, command: str, **limits: Any) -> Completed:
        name = command.partition("\n")[0].removeprefix("# flashlog ")
        return self._between(name, lambda: self._session.execute(command, **limits))

    def upload(self, *args: Any, **named: Any) -> list[Completed]:
        return self._between("write", lambda: self._session.upload(*args, **named))

    def _between(self, name: str, act: Callable[[], T]) -> T:
        self._moments.reach(f"before {name}")
        done = act()
        self._moments.reach(f"after {name}")
        return done


class WatchedConnector:
    """The connector of the house, with sessions whose acts are moments."""

    def __init__(self, connector: Any, moments: Moments) -> None:
        self._connector = connector
        self._moments = moments

    def open(self, target: Target, limits: Limits) -> Any:
        return WatchedSession(self._connector.open(target, limits), self._moments)


def live(
    settings: Settings,
    operation_id: UUID,
    trail: str,
    at: int | None = None,
    act: int = signal.SIGKILL,
    cancel_after: str = "",
) -> None:
    """Run until the operation is settled; exit 0 then, 1 when patience is over."""
    moments = Moments(Path(trail), at, signal.Signals(act))
    flashlog = Flashlog(settings)
    flashlog.connector = WatchedConnector(flashlog.connector, moments)
    _watch_appends(flashlog, moments, operation_id, cancel_after)
    with flashlog.alone("runner") as is_alone:
        if is_alone:
            flashlog.due.release_everything()
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


def _watch_appends(
    flashlog: Flashlog, moments: Moments, operation_id: UUID, cancel_after: str
) -> None:
    append = flashlog.log.append

    def watched(*aggregates: Any) -> int:
        names = [
            type(event).__name__
            for aggregate in aggregates
            for event in aggregate._pending
        ]
        position = append(*aggregates)
        moments.reach(f"after append {'+'.join(names)}")
        if cancel_after in names:
            try:
                cancel_operation(flashlog, operation_id=operation_id)
            except RefusedError:
                moments.reach("cancel refused")
        return position

    flashlog.log.append = watched  # type: ignore[method-assign]


def _wait(flashlog: Flashlog, operation_id: UUID, stop: threading.Event) -> bool:
    for _ in range(int(PATIENCE_SECONDS / 0.02)):
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        if operation.is_settled:
            return True
        stop.wait(0.02)
    return False
