"""One simulated router as tests and people see it, from any thread."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Any, TypeVar

import msgspec

from application.simulation.faults import Fault
from application.simulation.machine import Flashed
from application.simulation.power import Life
from application.simulation.setup import Setup

_LIMIT_SECONDS = 30.0
_T = TypeVar("_T")


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What the router is at this moment; the truth, not what it says over SSH."""

    uuid: str | None
    boot_id: str
    release: str
    revision: str
    target: str
    board: str
    model: str
    compat_version: str
    macs: tuple[str, ...]


class SimulatedRouter:
    """A router of a fleet.

    `host` and `port` are where it answers SSH when it is up, `other_host` is where it
    moves to under `BackOnAnotherAddress`. Log in as `username` with `password`.
    """

    username = "root"

    def __init__(self, life: Life, loop: asyncio.AbstractEventLoop) -> None:
        self._life = life
        self._loop = loop
        self.password = life.machine.setup.password

    @property
    def setup(self) -> Setup:
        return self._life.machine.setup

    @property
    def host(self) -> str:
        return self._life.host

    @property
    def other_host(self) -> str:
        return self._life.other_host

    @property
    def port(self) -> int:
        return self._life.port

    def facts(self) -> Facts:
        machine = self._life.machine
        setup, disk = machine.setup, machine.disk
        return Facts(
            uuid=disk.uuid,
            boot_id=machine.boot_id,
            release=disk.release,
            revision=disk.revision,
            target=setup.target,
            board=setup.board,
            model=setup.model,
            compat_version=disk.compat_version,
            macs=setup.macs,
        )

    @property
    def flashes(self) -> int:
        """How many times it was flashed, whatever came of it."""
        return len(self._life.machine.flashed)

    @property
    def flashed(self) -> Sequence[Flashed]:
        """Each of its flashes, in their order."""
        return tuple(self._life.machine.flashed)

    @property
    def booted(self) -> dict[str, str]:
        """The revision that ran in each boot, by boot id, in their order."""
        return dict(self._life.machine.booted)

    @property
    def commands(self) -> list[str]:
        """Scripts by name, other command lines as they came; the last 10,000."""
        return list(self._life.machine.commands)

    def services_running(self) -> set[str]:
        return set(self._life.machine.services)

    def wifi_is_up(self) -> bool:
        return self._life.machine.wifi_is_up

    def files_in_tmp(self) -> set[str]:
        """Paths below /tmp that were not there at boot."""
        machine = self._life.machine
        uploads = {path.removeprefix("/tmp/") for path in list(machine.uploads)}  # noqa: S108 - of another machine
        return uploads | ({"flashlog"} if machine.directory else set())

    def read_file(self, path: str) -> bytes | None:
        machine = self._life.machine
        if file := machine.uploads.get(path):
            return file.read(0, file.size)
        text = machine.disk.files.get(path)
        return None if text is None else f"{text}\n".encode()

    def delete(self, path: str) -> None:
        """Remove a file or directory of /tmp, as a person in a shell may."""
        self._call(lambda: self._life.machine.delete(path))

    def inject(self, *faults: Fault) -> None:
        """Let something go wrong from now on."""
        for fault in faults:
            self._do(partial(self._life.inject, fault))

    def clear_faults(self) -> None:
        self._call(self._life.machine.faults.clear)

    def reboot(self) -> None:
        """Pull the plug and wait until it answers again, with a new boot id."""
        self._do(self._life.reboot)

    def cut_network(self) -> None:
        """Silence on every connection; new ones are refused."""
        self._call(self._life.cut_network)

    def cut_connections(self) -> None:
        """End every connection of now; new ones work."""
        self._call(self._life.cut_connections)

    def restore_network(self) -> None:
        """Let the packets through again, also those of silent connections."""
        self._do(self._life.restore_network)

    def pass_time(self, seconds: float) -> None:
        """Let the router's uptime jump ahead."""
        self._call(lambda: self._life.pass_time(seconds))

    def _do(self, work: Callable[[], Awaitable[_T]]) -> _T:
        async def doing() -> _T:
            return await work()

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(
            _LIMIT_SECONDS
        )

    def _call(self, work: Callable[[], Any]) -> None:
        async def doing() -> None:
            work()

        asyncio.run_coroutine_threadsafe(doing(), self._loop).result(_LIMIT_SECONDS)


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """What a person needs to add a simulated router to an inventory."""

    name: str
    host: str
    port: int
    username: str
    password: str
    uuid: str | None
    macs: Sequence[str]
    board: str
    model: str
    release: str
    revision: str
