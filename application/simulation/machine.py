"""A simulated router without its wire: firmware, configuration, memory, time."""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

import msgspec

from application.simulation import faults as kinds
from application.simulation.directory import DIRECTORY, Directory
from application.simulation.setup import CRITICAL, Setup
from application.simulation.upload import UploadedFile

_WIFI_KB = 1000
_HELD_KB = 500
_COMMANDS_MAX = 10_000
MARKER = "/etc/openwisp/firmware_checksum"
CHECKSUM = "/etc/openwisp/checksum"
_AnyFault = TypeVar("_AnyFault", bound=kinds.Fault)


class NoRoomError(Exception):
    """The file system in memory is full."""


class Flashed(msgspec.Struct, frozen=True):
    """A flash: where its image lay, which says who sent it, and the boot it ended."""

    path: str
    boot_id: str


@dataclass
class Disk:
    """What outlives a reboot. `files` are those that Flashlog may meet, by path."""

    release: str
    revision: str
    compat_version: str
    uuid: str | None
    password: str
    authorized_keys: tuple[str, ...]
    packages: tuple[str, ...] = ()
    enrolled_uuid: str | None = None
    files: dict[str, str] = field(default_factory=dict)


class Machine:
    """One router between boots and across them; knows nothing of SSH."""

    def __init__(self, setup: Setup) -> None:
        self.setup = setup
        self.faults: list[kinds.Fault] = []
        self.commands: deque[str] = deque(maxlen=_COMMANDS_MAX)
        self.flashed: list[Flashed] = []
        # What ran in each boot: its revision, by boot id.
        self.booted: dict[str, str] = {}
        # Set by whoever has the wire and the time.
        self.end_writers: Callable[[], None] = lambda: None
        self.begin_flash: Callable[[str, set[str]], None] = lambda path, flags: None
        self.uploaded_bytes = 0
        self.disk = Disk(
            release=setup.release,
            revision=setup.first_revision,
            compat_version=setup.compat_version,
            uuid=setup.uuid,
            password=setup.password,
            authorized_keys=setup.authorized_keys,
            packages=setup.packages,
            files={CHECKSUM: "0123456789abcdef"},
        )
        self.uploads: dict[str, UploadedFile] = {}
        self.boot()

    def has(self, kind: type[_AnyFault]) -> _AnyFault | None:
        return next((fault for fault in self.faults if isinstance(fault, kind)), None)

    def boot(self) -> None:
        """Begin anew with an empty /tmp and everything running."""
        self.shut_down()
        self.boot_id = str(UUID(int=random.getrandbits(128), version=4))
        self.booted[self.boot_id] = self.disk.revision
        self._booted_at = time.monotonic()
        self.services = set(self.setup.services)
        self.wifi_is_up = self.setup.has_wifi
        self.directory: Directory | None = None
        self._stopped_at: dict[str, float] = {}

    def shut_down(self) -> None:
        for file in self.uploads.values():
            file.close()
        self.uploads.clear()

    # --- time -------------------------------------------------------------------

    @property
    def uptime(self) -> float:
        return time.monotonic() - self._booted_at

    def pass_time(self, seconds: float) -> None:
        self._booted_at -= seconds

    # --- memory and room, in kB -------------------------------------------------

    @property
    def available_kb(self) -> int:
        fault = self.has(kinds.LowMemory)
        available = fault.available_kb if fault else self.setup.memory_available_kb
        return max(available + self._freed_kb(fault) - self._held_kb(), 400)

    @property
    def room_kb(self) -> int:
        fault = self.has(kinds.FullTmp)
        room = fault.room_kb if fault else self.setup.tmp_kb
        return max(room - self._held_kb(), 0)

    def _held_kb(self) -> int:
        return sum(file.held_bytes for file in self.uploads.values()) // 1024

    def _freed_kb(self, fault: kinds.LowMemory | None) -> int:
        """Return what stopped services gave back, a moment after the stop."""
        holders = [name for name in self.setup.services if name not in CRITICAL]
        held = _HELD_KB
        if fault:
            total = fault.held_by_services_kb if fault.recoverable else 0
            held = total // max(len(holders), 1)
        long_ago = time.monotonic() - self.setup.settle_seconds
        return sum(
            _WIFI_KB if name == "wifi" else held
            for name, stopped_at in self._stopped_at.items()
            if stopped_at <= long_ago
        )

    # --- services ---------------------------------------------------------------

    def stop(self, name: str) -> None:
        self.services.discard(name)
        self._stopped_at[name] = time.monotonic()

    def start(self, name: str) -> None:
        self.services.add(name)
        self._stopped_at.pop(name, None)

    def switch_wifi(self, *, up: bool) -> None:
        self.wifi_is_up = up
        if up:
            self._stopped_at.pop("wifi", None)
        else:
            self._stopped_at["wifi"] = time.monotonic()

    # --- files in /tmp ----------------------------------------------------------

    def write(self, path: str, data: bytes, offset: int) -> None:
        """Write into a file of /tmp; raises NoRoomError, nothing written."""
        if path not in self.uploads:
            self.uploads[path] = UploadedFile()
        file = self.uploads[path]
        more_kb = (offset + len(data) - file.size) // 1024
        if more_kb > 0 and len(data) // 1024 >= self.room_kb:
            raise NoRoomError(path)
        file.write(data, offset)
        self.uploaded_bytes += len(data)

    def remove(self, path: str) -> None:
        if file := self.uploads.pop(path, None):
            file.close()
        self.disk.files.pop(path, None)

    def delete(self, path: str) -> None:
        if path == DIRECTORY:
            self.directory = None
        self.remove(path)

    def read_text(self, path: str) -> str:
        return self.disk.files.get(path, "")
