"""Many simulated routers, a Flashlog that knows them, and somebody who watches."""

import os
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any, Self
from uuid import UUID, uuid4

from application.commands.batches import Wish, selected, start_batch
from application.commands.devices import NewCredentials, add_credentials
from application.commands.images import NewImage, add_image
from application.flashlog import Flashlog
from application.procedure.story import render_log
from application.queries.selection import Selection
from application.settings import Settings, environment_of
from application.simulation import Fleet, SimulatedRouter
from application.simulation.setup import Setup
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection
from domain.operation import events
from domain.operation.words import Status
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import ROOT
from tests.domain import examples
from tests.fleet.cases import GOOD, Case
from tests.procedure.world import NEW_RELEASE, NEW_REVISION, QUICK
from tests.routers.images import build_image

_ROOT = Path(__file__).parents[2]
_IMAGE_BYTES = 256 * 1024
# How often the routers are looked at, in seconds.
_LOOK_SECONDS = 0.003

_NO_UPLOAD = events.Uploaded | events.RetryScheduled | events.Postponed | events.Ended

SETUP: dict[str, Any] = {
    "reboot_seconds": 0.5,
    "write_seconds": 0.1,
    "start_seconds": 0.1,
    "settle_seconds": 0.05,
}


class Town:
    """Routers and their cases in one order, each a device of Flashlog."""

    def __init__(
        self, directory: Path, fleet: Fleet, cases: Sequence[Case], **settings: Any
    ) -> None:
        self.settings = Settings(data_dir=directory, **(QUICK | settings))
        self.flashlog = Flashlog(self.settings)
        self.routers = fleet.routers
        self.cases = cases
        self.old_image_id = self._image("1", "22.03.7", "r20341-591b7e93d3")
        image_id = self._image("2", NEW_RELEASE, NEW_REVISION)
        self.build_id = self.flashlog.log.get(FirmwareImage, image_id).build_id
        self.locations = [uuid4() for _ in range(max(len(cases) // 8, 1))]
        self.device_ids = [self._add(number) for number in range(len(cases))]
        self.flashlog.show(self.flashlog.log.end())

    def start(self, **wish: Any) -> UUID:
        return start_batch(
            self.flashlog, ROOT, build_id=self.build_id, wish=Wish(**wish)
        )

    def dry_run(self) -> Selection:
        return selected(self.flashlog, ROOT, self.build_id, Wish())

    def told(self, operation_id: UUID) -> str:
        return "\n".join(render_log(self.flashlog.log.story(operation_id)))

    def router_of(self, device_id: UUID) -> SimulatedRouter:
        return self.routers[self.device_ids.index(device_id)]

    def case_of(self, device_id: UUID) -> Case:
        return self.cases[self.device_ids.index(device_id)]

    def location_of(self, device_id: UUID) -> UUID:
        return self.locations[self.device_ids.index(device_id) % len(self.locations)]

    def batch(self, batch_id: UUID) -> dict[str, Any]:
        found = self.flashlog.views.one("batch", str(batch_id))
        assert found
        return found

    @contextmanager
    def runners(self, count: int) -> Iterator[list[subprocess.Popen[bytes]]]:
        """Let runners work, each a process of its own, until the block ends."""
        with ExitStack() as stack:
            yield [stack.enter_context(self._runner()) for _ in range(count)]

    @contextmanager
    def _runner(self) -> Iterator[subprocess.Popen[bytes]]:
        with subprocess.Popen(
            [sys.executable, "-m", "web.cli", "runner"],
            cwd=_ROOT,
            env=os.environ | environment_of(self.settings),
        ) as process:
            try:
                yield process
            finally:
                process.kill()

    def _image(self, version: str, release: str, revision: str) -> UUID:
        facts = self.routers[0].facts()
        image = build_image(
            facts.board, release, revision, size=_IMAGE_BYTES, target=facts.target
        )
        new = NewImage(file_name="sysupgrade.bin", version=version)
        return add_image(self.flashlog, new, [image])

    def _add(self, number: int) -> UUID:
        router, case = self.routers[number], self.cases[number]
        facts = router.facts()
        assert facts.uuid
        login = NewCredentials(password=router.password, port=router.port)
        credentials_id = add_credentials(self.flashlog, login)
        registered = Registered(
            name=f"roof-{number:03}",
            organization_id=DEFAULT_ORGANIZATION_ID,
            mac_address=facts.macs[0],
            addresses=(router.host, router.other_host),
            location_id=self.locations[number % len(self.locations)],
            agent_uuid=UUID(facts.uuid),
            connections=(
                Connection(connection_id=uuid4(), credentials_id=credentials_id),
            ),
        )
        device = Device.register(uuid4(), registered)
        device.assign_firmware(self.old_image_id, firmware_id=uuid4())
        if case.knows_key:
            device.pin_host_key(examples.KEY)
        router.inject(*case.faults)
        self.flashlog.log.append(device)
        return device.id


@contextmanager
def a_town(directory: Path, cases: Sequence[Case], **settings: Any) -> Iterator[Town]:
    with Fleet(Setup(**SETUP) for _ in cases) as fleet:
        town = Town(directory, fleet, cases, **settings)
        try:
            yield town
        finally:
            town.flashlog.close()


def spread(wrong: Sequence[Case], *, count: int, each: int) -> list[Case]:
    """Mix the faulty routers among the good ones, always in the same way."""
    mixed = [case for _ in range(each) for case in wrong]
    mixed += [GOOD] * (count - len(mixed))
    Random(7).shuffle(mixed)
    return mixed


class Observer:
    """Counts on the routers' side how many receive an image at the same moment."""

    def __init__(self, town: Town) -> None:
        self._town = town
        self._done = threading.Event()
        self.uploads_most = 0
        self.at_location_most = 0
        self.looks = 0

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join(10)

    def _watch(self) -> None:
        town = self._town
        while not self._done.wait(_LOOK_SECONDS):
            busy = [
                device_id
                for device_id, router in zip(town.device_ids, town.routers, strict=True)
                if router._life.writers
            ]
            at = Counter(map(town.location_of, busy))
            self.uploads_most = max(self.uploads_most, len(busy))
            self.at_location_most = max([self.at_location_most, *at.values()])
            self.looks += 1


class Most:
    """The most at any position of the log: uploads, at one location, and reboots."""

    def __init__(self, town: Town) -> None:
        self.uploads = self.at_location = self.reboots = 0
        uploading: set[UUID] = set()
        rebooting: set[UUID] = set()
        place = {}
        for entry in town.flashlog.log.read(after=0, limit=10**9):
            event, operation_id = entry.event, entry.event.originator_id
            if isinstance(event, events.Started):
                place[operation_id] = town.location_of(event.device_id)
            if isinstance(event, events.UploadBegun):
                uploading.add(operation_id)
            if isinstance(event, _NO_UPLOAD):
                uploading.discard(operation_id)
            if isinstance(event, events.FlashBegun):
                rebooting.add(operation_id)
            if isinstance(event, events.Ended):
                rebooting.discard(operation_id)
            at = Counter(place[each] for each in uploading)
            self.uploads = max(self.uploads, len(uploading))
            self.at_location = max([self.at_location, *at.values()])
            self.reboots = max(self.reboots, len(rebooting))


def flashes_after_failures(town: Town, failures_max: int) -> int:
    """Count the flashes that began after so many had failed after theirs."""
    flashed: set[UUID] = set()
    failures = late = 0
    for entry in town.flashlog.log.read(after=0, limit=10**9):
        event, operation_id = entry.event, entry.event.originator_id
        if isinstance(event, events.FlashBegun):
            flashed.add(operation_id)
            late += failures >= failures_max
        if isinstance(event, events.Failed) and operation_id in flashed:
            failures += 1
    return late


def eventually_ended(town: Town, batch_id: UUID, *, limit_seconds: float) -> None:
    deadline = time.monotonic() + limit_seconds
    while town.batch(batch_id)["status"] in {"idle", Status.IN_PROGRESS}:
        assert time.monotonic() < deadline, town.batch(batch_id)
        time.sleep(0.1)
