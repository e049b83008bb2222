"""One face for every router that tests talk to, simulated or real.

A test that is written against `Router` and the faults below runs on both.
Times are seconds, sizes are bytes unless a name says kB.
"""

from dataclasses import dataclass
from types import TracebackType
from typing import Protocol, Self


@dataclass(frozen=True)
class Facts:
    """What the router is at this moment; the truth, not what it says over SSH.

    `uuid` is what the OpenWISP agent has in its configuration, None where it is
    missing. `macs` are lower-case, of every interface the board has.
    """

    uuid: str | None
    boot_id: str
    release: str
    revision: str
    target: str
    board: str
    model: str
    compat_version: str
    macs: tuple[str, ...]


class Fault:
    """Something that goes wrong with one router; give it to it or `inject` it."""


@dataclass(frozen=True)
class WrongUuid(Fault):
    """The agent names another UUID: at once, or only once it was flashed."""

    uuid: str = "00000000-dead-4bad-8bad-000000000000"
    after_flash: bool = False


@dataclass(frozen=True)
class MissingUuid(Fault):
    """The agent has no UUID."""


@dataclass(frozen=True)
class LowMemory(Fault):
    """Too little memory for any image; enough when services stop, or never.

    `available_kb` is MemAvailable with every service running; the services hold
    `held_by_services_kb` together, in equal parts, where it is recoverable.
    """

    recoverable: bool = True
    available_kb: int = 3000
    held_by_services_kb: int = 36000


@dataclass(frozen=True)
class CorruptImage(Fault):
    """The router's own image test refuses every image."""


@dataclass(frozen=True)
class CutAtByte(Fault):
    """Every connection is cut, once, when `count` more bytes have come into /tmp."""

    count: int


@dataclass(frozen=True)
class StallAtByte(Fault):
    """Like a cut, but the connections go silent and stay open. New ones work."""

    count: int


@dataclass(frozen=True)
class HangAtFlash(Fault):
    """The flash goes on, but no connection of before it ever hears of its end."""


@dataclass(frozen=True)
class RefuseFlash(Fault):
    """procd refuses the flash although the image test passed."""

    exit_status: int = 248


@dataclass(frozen=True)
class NeverBack(Fault):
    """The router is flashed and never answers again."""


@dataclass(frozen=True)
class BackOnAnotherAddress(Fault):
    """After the flash the router answers at `other_host` and no longer at `host`."""


@dataclass(frozen=True)
class BackWithOldFirmware(Fault):
    """The router is flashed and reboots into what it ran before."""


@dataclass(frozen=True)
class BackWithOtherFirmware(Fault):
    """The router comes back with firmware that is neither old nor the image's."""

    release: str = "23.05.0"
    revision: str = "r23497-6637af95aa"


@dataclass(frozen=True)
class ChangedHostKey(Fault):
    """The router shows a new host key: at once, or only once it was flashed."""

    after_flash: bool = False


@dataclass(frozen=True)
class FullTmp(Fault):
    """All but `room_kb` of /tmp is full; memory is not touched by it."""

    room_kb: int = 64


class Router(Protocol):
    """A router under test.

    `host` and `port` are where it answers SSH when it is up, `other_host` is where
    it moves to under `BackOnAnotherAddress`. Log in as `username` with `password`.
    """

    host: str
    port: int
    other_host: str
    username: str
    password: str

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...

    def facts(self) -> Facts: ...

    @property
    def flashes(self) -> int:
        """How many times it was flashed, whatever came of it."""

    @property
    def commands(self) -> list[str]:
        """Command lines in order of arrival.

        A script of Flashlog is told by its name, anything else as it came.
        """

    def services_running(self) -> set[str]: ...

    def wifi_is_up(self) -> bool: ...

    def files_in_tmp(self) -> set[str]:
        """Paths below /tmp (files and directories) that were not there at boot."""

    def read_file(self, path: str) -> bytes | None:
        """A file of the router by absolute path, None where there is none."""

    def delete(self, path: str) -> None:
        """Remove a file or directory of /tmp, as a person in a shell may."""

    def inject(self, fault: Fault) -> None:
        """Let something go wrong from now on."""

    def clear_faults(self) -> None:
        """Let nothing more go wrong; what is already as it is stays so."""

    def reboot(self) -> None:
        """Pull the plug and wait until it answers again, with a new boot id."""

    def cut_network(self) -> None:
        """Silence on every connection; new ones are refused."""

    def restore_network(self) -> None:
        """Let the packets through again, also those of silent connections."""

    def pass_time(self, seconds: float) -> None:
        """Let the router's uptime jump ahead."""
