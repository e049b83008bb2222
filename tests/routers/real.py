"""A real router: dropbear, BusyBox ash and a flash that counts, in namespaces.

    with RealRouter(Setup(release="19.07.10"), faults=[LowMemory()]) as router:
        ...  # ssh root@router.host -p router.port, password router.password

Needs root; `template.why_not_available()` says in one line why it cannot run here.
"""

import asyncio
import json
import shutil
import threading
from collections.abc import Coroutine, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from tests.routers import face
from tests.routers.disk import Disk
from tests.routers.flash import Requests
from tests.routers.life import Life
from tests.routers.link import Link
from tests.routers.machine import Machine
from tests.routers.memory import Memory
from tests.routers.places import free_places
from tests.routers.scratch import Scratch
from tests.routers.setup import Setup

_LIMIT_SECONDS = 60.0
_T = TypeVar("_T")


class RealRouter:
    """See `face.Router`; `direct` is dropbear itself, past the proxy."""

    def __init__(
        self, setup: Setup | None = None, faults: Sequence[face.Fault] = ()
    ) -> None:
        self.setup = setup or Setup()
        self.username = "root"
        self.password = self.setup.password
        here, there, self.direct = free_places(3)
        self.host, self.port = here
        self.other_host = there[0]
        self._faults = list(faults)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._places = (here, there)

    def __enter__(self) -> Self:
        self._scratch = Scratch("flashlog-router-of-")
        self._base = self._scratch.path
        root = self._base / "root"
        disk, link = Disk(root, self.setup), Link(self.direct)
        link.delay_seconds = self.setup.round_trip_seconds / 2
        disk.deliver()
        self._life = Life(
            base=self._base,
            setup=self.setup,
            disk=disk,
            machine=Machine(self._base, root, self.direct),
            link=link,
            memory=Memory(self.setup),
            address=self._places[0],
            other_address=self._places[1],
        )
        (self._base / "shared").mkdir()
        self._requests = Requests(self._life, self._base / "flashes")
        self._thread.start()
        try:
            self._do(self._start())
            for fault in self._faults:
                self.inject(fault)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End every process of the router and remove what it left."""
        try:
            self._do(self._stop())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(_LIMIT_SECONDS)
            self._loop.close()
            self._scratch.remove()

    def _do(self, work: Coroutine[Any, Any, _T]) -> _T:
        waiting = asyncio.run_coroutine_threadsafe(work, self._loop)
        return waiting.result(_LIMIT_SECONDS)

    async def _start(self) -> None:
        self._requests.open()
        await self._life.power_on()
        self._life.begin(self._life.tick_forever())

    async def _stop(self) -> None:
        await self._life.end()
        self._requests.close()

    # --- the face --------------------------------------------------------------

    def facts(self) -> face.Facts:
        disk = self._life.disk
        return face.Facts(
            uuid=disk.uuid(),
            boot_id=self._life.boot_id,
            release=disk.release,
            revision=disk.revision,
            target=self.setup.target,
            board=self.setup.board,
            model=self.setup.model,
            compat_version=disk.compat_version(),
            macs=self.setup.macs,
        )

    @property
    def flash_records(self) -> list[dict[str, Any]]:
        """One a flash: sha256 of the image and what procd was asked."""
        place = self._base / "flashes"
        lines = place.read_text().splitlines() if place.exists() else []
        return [json.loads(line) for line in lines]

    @property
    def flashes(self) -> int:
        return len(self.flash_records)

    @property
    def command_texts(self) -> list[str]:
        """Every command line as it came, in order of arrival."""
        place = self._base / "shared/commands"
        numbered = [
            (*map(int, path.name.split(".")), path.read_text(errors="replace"))
            for path in place.iterdir()
        ]
        return [str(text) for *_, text in sorted(numbered)]

    @property
    def commands(self) -> list[str]:
        return [
            text.splitlines()[0].removeprefix("# flashlog ")
            if text.startswith("# flashlog ")
            else text
            for text in self.command_texts
        ]

    def services_running(self) -> set[str]:
        return {path.name for path in (self._base / "shared/services").iterdir()}

    def wifi_is_up(self) -> bool:
        return (self._base / "shared/wifi").exists()

    def files_in_tmp(self) -> set[str]:
        found = self._life.paths_in_tmp() - self._life.seeded
        return {path for path in found if not path.startswith((".uci", "run/"))}

    def read_file(self, path: str) -> bytes | None:
        place = self._life.live(path) or self._life.disk.root / path.lstrip("/")
        try:
            return place.read_bytes()
        except (FileNotFoundError, IsADirectoryError):
            return None

    def delete(self, path: str) -> None:
        place = self._life.live(path)
        assert place is not None, f"{path} is not in /tmp"
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink(missing_ok=True)

    def inject(self, fault: face.Fault) -> None:
        self._do(self._life.inject(fault))

    def clear_faults(self) -> None:
        """Nothing more goes wrong; a UUID, a key, a full /tmp stay as they are."""
        self._do(self._life.clear_faults())

    def reboot(self) -> None:
        self._do(self._life.power_cycle(0.0))

    def cut_network(self) -> None:
        self._loop.call_soon_threadsafe(self._life.link.go_silent)

    def cut_connections(self) -> None:
        """End every connection of now; new ones work."""
        self._loop.call_soon_threadsafe(self._life.link.cut)

    def restore_network(self) -> None:
        self._do(self._life.link.restore())

    def pass_time(self, seconds: float) -> None:
        self._life.clock.jump(seconds)

    def process_ids(self) -> list[int]:
        return self._life.machine.process_ids()
