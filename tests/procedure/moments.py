"""The moments of a visit: after each append, before and after each act."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from application.flashlog import Flashlog
from application.ports import Completed, Limits, Session, Target

T = TypeVar("T")


class Moments:
    """Counts moments, notes their names, and does something at one of them.

    `at` is a moment's number, or its name: then the first one of that name.
    """

    def __init__(
        self, trail: Path, at: int | str | None, act: Callable[[], None]
    ) -> None:
        self._trail = trail
        self._at = at
        self._act = act
        self._count = 0
        self._lock = threading.Lock()

    def reach(self, name: str) -> None:
        with self._lock:
            number, self._count = self._count, self._count + 1
            is_it = self._at in {number, name}
            if is_it:
                self._at = None
            with self._trail.open("a") as trail:
                trail.write(f"{name}\n")
        if is_it:
            self._act()


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


def watch_appends(
    flashlog: Flashlog,
    moments: Moments,
    *,
    then: Callable[[list[str]], None] = lambda _: None,
) -> None:
    """Make every append a moment; `then` is told the names of what was appended."""
    append = flashlog.log.append

    def watched(*aggregates: Any, **conditions: Any) -> int:
        names = [
            type(event).__name__
            for aggregate in aggregates
            for event in aggregate._pending
        ]
        moments.reach(f"before append {'+'.join(names)}")
        position = append(*aggregates, **conditions)
        moments.reach(f"after append {'+'.join(names)}")
        then(names)
        return position

    flashlog.log.append = watched  # type: ignore[method-assign]
