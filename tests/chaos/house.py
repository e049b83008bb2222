"""A served installation, more runners beside it, and the routers that it upgrades."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from queue import Empty
from random import Random
from typing import Any, Self

from application.settings import Settings, environment_of
from application.simulation import Fleet
from tests.chaos.inventory import Inventory
from tests.fleet.town import SETUP
from tests.procedure.world import QUICK
from tests.web.serving import ROOT, children_of, serving

_IMAGE_BYTES = 192 * 1024
_BUILDS = 5
_STARTS_MAX = 3

LIMITS = {"uploads_max": 6, "uploads_per_location_max": 2, "reboots_max": 10}
_SETTINGS: dict[str, Any] = {
    "bind": "127.0.0.1:0",
    "request_rate_limit": "off",
    "token_rate_limit": "off",
    "restart_backoff_max_seconds": 0.5,
    "restarts_max": 100,
    "reconnect_retries_max": 30,
    "lease_seconds": 4.0,
    "turn_wait_seconds": 2.0,
    "log_level": "ERROR",
}


class House(Inventory):
    """Entered, it runs; `service` and `runners` are other ones after a kill.

    `beside`: how many runners there are beside that of the service.
    """

    def __init__(
        self, directory: Path, fleet: Fleet, *, beside: int = 2, **settings: Any
    ) -> None:
        how = QUICK | _SETTINGS | LIMITS | settings
        known = Settings(data_dir=directory, **how)
        super().__init__(fleet, known, builds=_BUILDS, image_bytes=_IMAGE_BYTES)
        self._beside = beside
        self.runners: list[subprocess.Popen[bytes]] = []
        self._stack = ExitStack()
        self._changing = threading.Lock()
        self._frozen: set[int] = set()
        self._orphans: dict[str, int] = {}

    def __enter__(self) -> Self:
        self._serve()
        self.runners = [self._runner() for _ in range(self._beside)]
        return self

    def __exit__(self, *_: object) -> None:
        self.thaw_all()
        for runner in self.runners:
            runner.kill()
            runner.wait()
        self._stack.close()
        self.flashlog.close()

    # --- trouble with processes ---------------------------------------------------

    def parts(self) -> dict[str, list[int]]:
        """Process ids by what may be killed or frozen."""
        found: dict[str, list[int]] = {
            "runner beside": [each.pid for each in self.runners]
        }
        if self.service is None:
            return found
        with suppress(FileNotFoundError, ProcessLookupError):
            for name, pid in self.service.children().items():
                found[name] = [pid]
            found["web worker"] = children_of(found["web"][0])
        return {name: pids for name, pids in found.items() if pids}

    def kill(self, chance: Random) -> str:
        name, pid = self._chosen(chance, ["runner", "runner beside"])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        self._replace_runners()
        return name

    def freeze(self, chance: Random) -> str:
        """Stop a process past its lease, then let it go on."""
        name, pid = self._chosen(chance, ["runner", "runner beside", "runner beside"])
        lease_seconds = self.settings.lease_seconds
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            self._frozen.add(pid)
            later = chance.uniform(0.7, 3.0) * lease_seconds
            threading.Timer(later, self._thaw, [pid]).start()
        return name

    def kill_the_service(self) -> None:
        """Kill its head; another service is started while the parts still end."""
        with self._changing:
            service, self.service = self.service, None
            if service is None:
                return
            self.thaw_all()
            self._orphans.update(service.children())
            service.process.kill()
            service.process.wait()
            self._stack.close()
            self._serve()

    def orphans(self) -> dict[str, int]:
        """Return the parts that still live although their service was killed."""
        return {name: pid for name, pid in self._orphans.items() if _is_running(pid)}

    def thaw_all(self) -> None:
        for pid in list(self._frozen):
            self._thaw(pid)

    def _thaw(self, pid: int) -> None:
        self._frozen.discard(pid)
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)

    def _chosen(self, chance: Random, more: list[str]) -> tuple[str, int]:
        parts = self.parts()
        name = chance.choice(sorted(parts) + [each for each in more if each in parts])
        return name, chance.choice(parts[name])

    def _replace_runners(self) -> None:
        with self._changing:
            for number, runner in enumerate(self.runners):
                if runner.poll() is not None:
                    self.runners[number] = self._runner()

    # --- parts ----------------------------------------------------------------------

    def _serve(self) -> None:
        """Start the service; a busy machine may need more than one try."""
        for _ in range(_STARTS_MAX - 1):
            with suppress(Empty):
                self.service = self._stack.enter_context(serving(self.settings))
                return
        self.service = self._stack.enter_context(serving(self.settings))

    def _runner(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-P", "-m", "web.cli", "runner"],
            cwd=ROOT,
            env=os.environ | environment_of(self.settings) | {"PYTHONPATH": str(ROOT)},
        )


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def fleet_of(count: int) -> Fleet:
    return Fleet.of(count, **SETUP)
