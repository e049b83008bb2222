"""The life of one real router: boots, requests of its own programs, flashes, time.

Everything here runs in the router's own event loop, except where it says so.
"""

import asyncio
import os
import time
from collections.abc import Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

from tests.routers import face
from tests.routers.clock import Clock
from tests.routers.disk import Disk
from tests.routers.link import Link
from tests.routers.machine import Machine
from tests.routers.memory import Memory
from tests.routers.programs import lay_out_boot
from tests.routers.releases import quirks_of
from tests.routers.setup import Setup

_TICK_SECONDS = 0.02
_Fault = TypeVar("_Fault", bound=face.Fault)


@dataclass
class Life:
    """One router between two power cycles and across them."""

    base: Path
    setup: Setup
    disk: Disk
    machine: Machine
    link: Link
    memory: Memory
    address: tuple[str, int]
    other_address: tuple[str, int]
    clock: Clock = field(default_factory=Clock)
    faults: list[face.Fault] = field(default_factory=list)
    boot_id: str = ""
    boots: int = 0
    is_upgrading: bool = False
    seeded: set[str] = field(default_factory=set)
    _seed_bytes: int = 0
    _filler_bytes: int = 0
    _byte_faults: dict[face.CutAtByte | face.StallAtByte, int] = field(
        default_factory=dict
    )
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _failures: list[BaseException] = field(default_factory=list)

    def has(self, kind: type[_Fault]) -> _Fault | None:
        return next((fault for fault in self.faults if isinstance(fault, kind)), None)

    def begin(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failures.append(error)

    # --- power -----------------------------------------------------------------

    async def power_on(self) -> None:
        """Boot with a new boot id and an empty /tmp, then answer on the address."""
        self.boots += 1
        self.boot_id = str(uuid4())
        self.clock.boot(first=self.boots == 1)
        lay_out_boot(self.base, self.disk, self.setup, self.boots)
        self._seed_bytes = self._filler_bytes = 0
        self.write_proc()
        window = self.setup.window_bytes
        self.machine.power_on(
            tmp_kb=self.setup.tmp_kb,
            host_keys=self.disk.host_key_paths(),
            window_bytes=window or quirks_of(self.disk.release).window_bytes,
        )
        self._seed_bytes = self.tmp_bytes()
        self.write_proc()
        self.seeded = self.paths_in_tmp()
        for fault in self.faults:
            if isinstance(fault, face.FullTmp):
                self.fill_tmp(fault.room_kb)
        self.link.on_upload = self.check_bytes
        await self.link.listen(*self.address)

    async def power_off(self) -> None:
        await self.link.refuse()
        self.machine.power_off()

    async def power_cycle(self, offline_seconds: float) -> None:
        await self.power_off()
        self.link.cut_all_but_hung()
        await asyncio.sleep(offline_seconds)
        await self.power_on()

    # --- /tmp, memory, time ----------------------------------------------------

    def live(self, path: str) -> Path | None:
        """A path of the running router as the host reaches it."""
        root = self.machine.live_root
        return None if root is None else root / path.lstrip("/")

    def tmp_bytes(self) -> int:
        place = self.live("/tmp")
        if place is None:
            return 0
        try:
            room = os.statvfs(place)
        except OSError:  # it went down this moment
            return 0
        return (room.f_blocks - room.f_bfree) * room.f_frsize

    def paths_in_tmp(self) -> set[str]:
        place = self.live("/tmp")
        if place is None:
            return set()
        return {
            str(Path(parent, name).relative_to(place))
            for parent, directories, files in os.walk(place)
            for name in directories + files
        }

    def fill_tmp(self, room_kb: int) -> None:
        place = self.live("/tmp/full")
        assert place is not None
        room = os.statvfs(place.parent)
        size = max(room.f_bavail * room.f_frsize - room_kb * 1024, 0)
        place.write_bytes(bytes(size))
        self._filler_bytes = size
        self.seeded.add("full")

    def write_proc(self) -> None:
        tmp_bytes = self.tmp_bytes()
        proc, shared = self.base / "proc", self.base / "shared"
        proc.mkdir(exist_ok=True)
        (proc / "drop_caches").touch()
        more = tmp_bytes - self._seed_bytes - self._filler_bytes
        running = {path.name for path in (shared / "services").iterdir()}
        text = self.memory.text(
            running,
            wifi=(shared / "wifi").exists(),
            tmp_more_kb=more // 1024,
            now=time.monotonic(),
        )
        self.clock.write(proc / "meminfo", text)
        self.clock.write(proc / "uptime", self.clock.uptime_text())
        self.clock.write(proc / "boot_id", f"{self.boot_id}\n")

    async def tick_forever(self) -> None:
        while True:
            if self.machine.is_on:
                self.write_proc()
                self.check_bytes()
            await asyncio.sleep(_TICK_SECONDS)

    # --- faults ------------------------------------------------------------------

    async def inject(self, fault: face.Fault) -> None:
        """What begins at once begins; the rest waits in `faults` for its moment."""
        self.faults.append(fault)
        match fault:
            case face.MissingUuid():
                self.disk.write_uuid(None)
            case face.WrongUuid(after_flash=False):
                self.disk.write_uuid(fault.uuid)
            case face.LowMemory():
                self.memory.available_kb = fault.available_kb
                self.memory.hold(fault.held_by_services_kb if fault.recoverable else 0)
            case face.ChangedHostKey(after_flash=False):
                self.disk.change_host_keys()
                self.machine.restart_dropbear()
            case face.FullTmp():
                self.fill_tmp(fault.room_kb)
            case face.CutAtByte() | face.StallAtByte():
                self._byte_faults[fault] = self.tmp_bytes()
            case _:
                pass
        if self.machine.is_on:
            self.write_proc()

    async def end(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.link.close()
        self.machine.power_off()
        if self._failures:
            raise BaseExceptionGroup("the rig itself failed", self._failures)

    async def clear_faults(self) -> None:
        self.faults.clear()
        self._byte_faults.clear()
        self.memory.reset()

    def check_bytes(self) -> None:
        if not self._byte_faults:
            return
        now = self.tmp_bytes()
        for fault, before in list(self._byte_faults.items()):
            if now - before >= fault.count:
                del self._byte_faults[fault]
                if isinstance(fault, face.CutAtByte):
                    self.link.cut()
                else:
                    self.link.hang()
