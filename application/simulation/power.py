"""The life of a simulated router: power, wire, time, flashes and faults."""

import asyncio
import contextlib
import random
from collections.abc import Callable

import asyncssh

from application.simulation import acting, looking, sysupgrade
from application.simulation import faults as kinds
from application.simulation.directory import RefusedError
from application.simulation.keys import new_host_key, options
from application.simulation.machine import Flashed, Machine
from application.simulation.script import Script, measured
from application.simulation.setup import Setup
from application.simulation.wire import Connection, Exec

# Below the ports that systems give to clients, so a port stays free over a reboot.
_PORTS = (10000, 32000)
_PLACES_TRIED_MAX = 200
_SWITCH_SECONDS = 3.0
# Dropbear's own; with a wider one an upload would seem to stand still for a megabyte.
_WINDOW_BYTES = 24576
_SCRIPTS: dict[str, Callable[[Machine, Script], list[str]]] = {
    "checksum": looking.checksum,
    "claim": acting.claim,
    "conclude": acting.conclude,
    "enroll": looking.enroll,
    "extend": acting.extend,
    "flash": acting.flash,
    "free_memory": acting.free_memory,
    "health": looking.health,
    "inspect": looking.inspect,
    "packages": looking.packages,
    "pieces": looking.pieces,
    "settle": acting.settle,
    "stop_services": acting.stop_services,
    "test_image": acting.test_image,
}


class Life:
    """One router and its place in the network; everything runs in one event loop."""

    def __init__(self, setup: Setup, host: str, other_host: str) -> None:
        self.machine = Machine(setup)
        self.machine.end_writers = self._end_writers
        self.machine.begin_flash = self._begin_flash
        self.connections: set[Connection] = set()
        self.writers: set[Exec] = set()
        self.host, self.other_host, self.port = host, other_host, 0
        self._address = host
        self._key = new_host_key(setup.release)
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._is_cut = False
        self._is_on = False
        self._switch: asyncio.TimerHandle | None = None
        self._flash: asyncio.Task[None] | None = None
        self._byte_faults: dict[kinds.CutAtByte | kinds.StallAtByte, int] = {}

    # --- power -----------------------------------------------------------------------

    async def power_on(self) -> None:
        self._is_on = True
        if not self._is_cut:
            await self._listen()

    def power_off(self) -> None:
        self._is_on = False
        self._hush()
        for connection in list(self.connections):
            if not connection.is_hung:
                connection.abort()
        self._end_writers()
        self._stop_switch()

    async def reboot(self, offline_seconds: float = 0.0) -> None:
        if self._flash is not None:
            # Without power nothing is written any more.
            self._flash.cancel()
        self.power_off()
        self.machine.boot()
        await asyncio.sleep(offline_seconds)
        await self.power_on()

    async def end(self) -> None:
        if self._flash is not None:
            self._flash.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._flash
        self.power_off()
        for connection in list(self.connections):
            connection.abort()
        self.machine.shut_down()

    # --- wire ------------------------------------------------------------------------

    async def _listen(self) -> None:
        if self._acceptor is not None:
            return
        for _ in range(_PLACES_TRIED_MAX):
            port = self.port or random.randint(*_PORTS)
            with contextlib.suppress(OSError):
                self._acceptor = await asyncssh.create_server(
                    lambda: Connection(self),
                    self._address,
                    port,
                    encoding=None,
                    line_editor=False,
                    reuse_address=True,
                    window=_WINDOW_BYTES,
                    **options(self.machine.disk.release, self._key),
                )
                self.port = port
                return
            await asyncio.sleep(0.01 if self.port else 0)
        raise OSError(f"no free port on {self._address}")

    def _hush(self) -> None:
        """Answer nobody new."""
        if self._acceptor is not None:
            self._acceptor.close()
            self._acceptor = None

    def met(self, connection: Connection) -> None:
        """Take in a connection, if there is anybody whom it can reach.

        It was accepted a moment ago, and power or wire may have gone since.
        """
        if not self._is_on:
            connection.abort()
            return
        self.connections.add(connection)
        if self._is_cut:
            connection.fall_silent(for_good=False)

    def cut_network(self) -> None:
        self._is_cut = True
        self._hush()
        for connection in self.connections:
            connection.fall_silent(for_good=False)

    async def restore_network(self) -> None:
        self._is_cut = False
        for connection in list(self.connections):
            connection.speak_again()
        if self._is_on:
            await self._listen()

    def cut_connections(self) -> None:
        for connection in list(self.connections):
            connection.abort()

    def _hang_connections(self) -> None:
        for connection in self.connections:
            connection.fall_silent(for_good=True)

    def uploaded(self) -> None:
        for fault, since in list(self._byte_faults.items()):
            if self.machine.uploaded_bytes - since < fault.count:
                continue
            del self._byte_faults[fault]
            if isinstance(fault, kinds.CutAtByte):
                self.cut_connections()
            else:
                self._hang_connections()

    def _end_writers(self) -> None:
        for writer in list(self.writers):
            writer.kill()

    # --- scripts ---------------------------------------------------------------------

    async def play(self, script: Script) -> str:
        """Return what a script prints, once it has done its work."""
        try:
            lines = _SCRIPTS[script.name](self.machine, script)
        except RefusedError as refused:
            lines = [f"refused={refused.word}", f"detail={refused.detail}"]
        else:
            self._start_switch()
            if script.name == "stop_services":
                await self._wait_for_memory(script.number("settle_seconds"))
                lines += measured(self.machine)
        return "".join(f"{line}\n" for line in lines)

    async def _wait_for_memory(self, limit_seconds: int) -> None:
        await asyncio.sleep(min(limit_seconds, self.machine.setup.settle_seconds))

    def pass_time(self, seconds: float) -> None:
        self.machine.pass_time(seconds)
        self._start_switch()

    def _start_switch(self, at_least_seconds: float = 0.0) -> None:
        self._stop_switch()
        left = acting.seconds_to_deadline(self.machine)
        if left is not None:
            loop = asyncio.get_running_loop()
            self._switch = loop.call_later(max(left, at_least_seconds), self._fire)

    def _stop_switch(self) -> None:
        if self._switch is not None:
            self._switch.cancel()
            self._switch = None

    def _fire(self) -> None:
        acting.fire(self.machine)
        self._start_switch(_SWITCH_SECONDS)

    # --- the flash -------------------------------------------------------------------

    def _begin_flash(self, path: str, flags: set[str]) -> None:
        self._flash = asyncio.ensure_future(self._upgrade(path, flags))

    async def _upgrade(self, path: str, flags: set[str]) -> None:
        machine, directory = self.machine, self.machine.directory
        if directory is None or directory.flash is None:
            return
        flash = directory.flash
        await asyncio.sleep(machine.setup.start_seconds)
        status, flash.log = sysupgrade.refusal(machine, path, flags)
        if status:
            flash.status = status
            return
        flash.running = flash.asked_procd = True
        machine.flashed.append(Flashed(path, machine.boot_id))
        if machine.has(kinds.HangAtFlash):
            self._hang_connections()
        self.power_off()
        await asyncio.sleep(machine.setup.write_seconds)
        sysupgrade.install(machine, path, flags)
        changed = machine.has(kinds.ChangedHostKey)
        if "-n" in flags or (changed and changed.after_flash):
            self._change_host_key()
        machine.boot()
        if machine.has(kinds.NeverBack):
            return
        await asyncio.sleep(machine.setup.reboot_seconds)
        if machine.has(kinds.BackOnAnotherAddress):
            self._address = self.other_host
        await self.power_on()

    def _change_host_key(self) -> None:
        self._key = new_host_key(self.machine.disk.release, other=True)

    # --- faults ----------------------------------------------------------------------

    async def inject(self, fault: kinds.Fault) -> None:
        """Let something go wrong from now on, or when its moment comes."""
        machine = self.machine
        machine.faults.append(fault)
        match fault:
            case kinds.MissingUuid():
                machine.disk.uuid = None
            case kinds.WrongUuid(after_flash=False):
                machine.disk.uuid = fault.uuid
            case kinds.ChangedHostKey(after_flash=False):
                self._change_host_key()
                self._hush()
                if self._is_on and not self._is_cut:
                    await self._listen()
            case kinds.CutAtByte() | kinds.StallAtByte():
                self._byte_faults[fault] = machine.uploaded_bytes
            case _:
                pass
