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
from uuid import UUID, uuid4

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.errors import DomainError, StorageError
from application.flashlog import Flashlog
from application.settings import Settings, environment_of
from application.simulation import Fleet, SimulatedRouter
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from tests.application.stock import Stock
from tests.fleet.town import SETUP
from tests.procedure.world import QUICK
from tests.routers.images import build_image
from tests.web.conftest import token_for
from tests.web.serving import ROOT, Service, children_of, serving

_IMAGE_BYTES = 192 * 1024
_BUILDS = 5
_PER_LOCATION = 6
_STARTS_MAX = 3

LIMITS = {"uploads_max": 6, "uploads_per_location_max": 2, "reboots_max": 10}
_SETTINGS: dict[str, Any] = {
    "bind": "127.0.0.1:0",
    "request_rate_limit": "off",
    "token_rate_limit": "off",
    "restart_backoff_max_seconds": 0.5,
    "restarts_max": 100,
    "reconnect_retries_max": 30,
    "turn_wait_seconds": 2.0,
    "log_level": "ERROR",
}


class Release:
    """A build with its one image; a router's revision says which one it runs."""

    def __init__(self, flashlog: Flashlog, image_id: UUID, revision: str) -> None:
        self.image_id = image_id
        self.build_id = flashlog.log.get(FirmwareImage, image_id).build_id
        self.revision = revision


class House:
    """Entered, it runs; `service` and `runners` are other ones after a kill.

    `beside`: how many runners there are beside that of the service.
    """

    def __init__(
        self, directory: Path, fleet: Fleet, *, beside: int = 2, **settings: Any
    ) -> None:
        self.routers = fleet.routers
        self._beside = beside
        how = QUICK | _SETTINGS | LIMITS | settings
        self.settings = Settings(data_dir=directory, **how)
        self.flashlog = Flashlog(self.settings)
        self.releases = [self._release(number) for number in range(_BUILDS)]
        stock = Stock(self.flashlog)
        count = max(1, len(self.routers) // _PER_LOCATION)
        self.locations = [stock.location() for _ in range(count)]
        self.router_of: dict[UUID, int] = {}
        self.device_of: dict[int, UUID] = {}
        for number in range(len(self.routers)):
            self.register(number)
        self.token = token_for(self.flashlog, "chaos", is_superuser=True)
        self.flashlog.show(self.flashlog.log.end())
        self.service: Service | None = None
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

    def register(self, number: int) -> None:
        """Take a router into the inventory, under a new id."""
        router = self.routers[number]
        facts = router.facts()
        assert facts.uuid
        login = NewCredentials(password=router.password, port=router.port)
        device_id = add_device(
            self.flashlog,
            NewDevice(
                name=f"roof-{number:03}-{uuid4().hex[:6]}",
                mac_address=facts.macs[0],
                addresses=(router.host,),
                credentials_ids=(add_credentials(self.flashlog, login),),
                agent_uuid=UUID(facts.uuid),
                location_id=self._location(number),
            ),
        )
        device = self.flashlog.log.get(Device, device_id)
        device.assign_firmware(self.releases[0].image_id, firmware_id=uuid4())
        self.flashlog.log.append(device)
        self.router_of[device_id] = number
        self.device_of[number] = device_id

    def location_of(self, device_id: UUID) -> UUID:
        return self._location(self.router_of[device_id])

    def router(self, device_id: UUID) -> SimulatedRouter:
        return self.routers[self.router_of[device_id]]

    def forget(self, number: int) -> None:
        """Register a router again whose device was deleted."""
        with suppress(DomainError, StorageError):
            self.register(number)

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

    def _release(self, number: int) -> Release:
        facts = self.routers[0].facts()
        revision = f"r{30000 + number}-{number:010x}"
        image = build_image(
            facts.board,
            f"24.10.{number}",
            revision,
            size=_IMAGE_BYTES,
            target=facts.target,
        )
        new = NewImage(file_name="sysupgrade.bin", version=f"24.10.{number}")
        return Release(self.flashlog, add_image(self.flashlog, new, [image]), revision)

    def _location(self, number: int) -> UUID:
        return self.locations[number % len(self.locations)]


def _is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def fleet_of(count: int) -> Fleet:
    return Fleet.of(count, **SETUP)
