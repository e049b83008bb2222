"""What befalls a cluster: its processes and its database are killed or frozen."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from random import Random

from tests.cluster.cluster import Cluster
from tests.cluster.database import Database
from tests.web.serving import children_of

_FROZEN_LEASES = (0.7, 2.5)
# How often each comes, against the others.
_WEIGHTS = {
    "kill runner": 4,
    "kill web server": 1,
    "kill web": 2,
    "kill web worker": 3,
    "kill projector": 2,
    "freeze runner": 3,
    "freeze web worker": 2,
    "freeze projector": 1,
    "kill database": 1,
    "kill database, stopped at once": 2,
    "kill session of the database": 2,
}
# `web` is gunicorn's master, `web server` is who starts it and the projector.
KINDS = tuple(_WEIGHTS)


class Trouble:
    """Strikes at random moments, drawn from `chance`, until it is told to stop.

    `hits` counts by kind; `trail` tells them by the seconds since the beginning.
    """

    def __init__(
        self,
        cluster: Cluster,
        database: Database,
        chance: Random,
        *,
        down_seconds_max: float,
    ) -> None:
        self._down_seconds_max = down_seconds_max
        self.cluster, self._database, self._chance = cluster, database, chance
        self.hits: Counter[str] = Counter()
        self.trail: list[str] = []
        self._frozen: set[int] = set()
        self._timers: list[threading.Timer] = []
        self._begun = time.monotonic()

    def strike(self, kind: str = "") -> str:
        """Let one thing happen; returns its kind."""
        kind = kind or self._chance.choices(KINDS, list(_WEIGHTS.values()))[0]
        how, _, whom = kind.partition(" ")
        at = time.monotonic() - self._begun
        if whom in self._troubles():
            self._troubles()[whom](self._chance)
            if not whom.startswith("session"):
                time.sleep(self._chance.uniform(0, self._down_seconds_max))
                self._database.start()
        else:
            pids = self._processes()[whom]
            if not pids:
                self.trail.append(f"{at:7.3f} {kind}: there is none just now")
                return kind
            pid = self._chance.choice(pids)
            kind_of_hit = self._freeze if how == "freeze" else self._kill
            kind_of_hit(pid)
        self.hits[kind] += 1
        self.trail.append(f"{at:7.3f} {kind}")
        return kind

    def thaw_all(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for pid in list(self._frozen):
            self._thaw(pid)

    def _troubles(self) -> dict[str, Callable[[Random], None]]:
        return dict(self._database.troubles())

    def _processes(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {
            "runner": [each.pid for each in self.cluster.runners],
            "web server": [each.pid for each in self.cluster.webs],
            "web": [],
            "web worker": [],
            "projector": [],
        }
        for web in self.cluster.webs:
            with suppress(FileNotFoundError, ProcessLookupError):
                children = web.service().children()
                for name in ("web", "projector"):
                    found[name] += [children[name]] if name in children else []
                if "web" in children:
                    found["web worker"] += children_of(children["web"])
        return found

    def _kill(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def _freeze(self, pid: int) -> None:
        """Stop it for about a lease, then let it go on."""
        lease_seconds = self.cluster.settings.lease_seconds
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self._frozen.add(pid)
            later = self._chance.uniform(*_FROZEN_LEASES) * lease_seconds
            timer = threading.Timer(later, self._thaw, [pid])
            self._timers.append(timer)
            timer.start()

    def _thaw(self, pid: int) -> None:
        self._frozen.discard(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)
