"""SSH as a simulated router speaks it: log-in, exec channels, silence, cuts."""

import asyncio
from collections.abc import Callable
from typing import Protocol

import asyncssh

from application.simulation import looking
from application.simulation.acting import guarded
from application.simulation.directory import RefusedError
from application.simulation.machine import Machine, NoRoomError
from application.simulation.script import Script, parse

_KILLED = 137


class Host(Protocol):
    """What a connection needs of its router."""

    machine: Machine
    connections: set["Connection"]
    writers: set["Exec"]

    def met(self, connection: "Connection") -> None:
        """Take in a connection, if there is anybody whom it can reach."""

    async def play(self, script: Script) -> str:
        """Return what a script prints, once it has done its work."""

    def uploaded(self) -> None:
        """Hear that bytes have come into /tmp."""


class Connection(asyncssh.SSHServer):
    """One TCP connection. While it is silent, what happens on it happens later."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._later: list[Callable[[], None]] = []
        self._is_silent = self._is_hung = False

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._conn = conn
        self.host.met(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self.host.connections.discard(self)

    def begin_auth(self, username: str) -> bool:
        return bool(self.host.machine.disk.password) or username != "root"

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        return username == "root" and password == self.host.machine.disk.password

    def public_key_auth_supported(self) -> bool:
        return bool(self.host.machine.disk.authorized_keys)

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        known = {
            tuple(line.split()[:2]) for line in self.host.machine.disk.authorized_keys
        }
        shown = tuple(key.export_public_key("openssh").decode().split()[:2])
        return username == "root" and shown in known

    def session_requested(self) -> "Exec":
        return Exec(self)

    def when_heard(self, act: Callable[[], None]) -> None:
        if self._is_silent:
            self._later.append(act)
        else:
            act()

    def fall_silent(self, *, for_good: bool) -> None:
        self._is_silent = True
        self._is_hung = self._is_hung or for_good

    def speak_again(self) -> None:
        if self._is_hung:
            return
        self._is_silent = False
        while self._later and not self._is_silent:
            self._later.pop(0)()

    @property
    def is_hung(self) -> bool:
        return self._is_hung

    def abort(self) -> None:
        self._conn.abort()


class Exec(asyncssh.SSHServerSession[bytes]):
    """One exec channel: a script that is played, an upload, or any command."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._host = connection.host
        self._command = ""
        self._target: tuple[str, int] | None = None
        self._has_ended = False
        self._said_at_the_end = ""

    def connection_made(self, chan: asyncssh.SSHServerChannel[bytes]) -> None:
        self._channel = chan

    def connection_lost(self, exc: Exception | None) -> None:
        self._has_ended = True
        self._host.writers.discard(self)

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._connection.when_heard(self._begin)

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        self._connection.when_heard(lambda: self._take(data))

    def eof_received(self) -> bool:
        self._connection.when_heard(self._input_ended)
        return True

    def kill(self) -> None:
        """End a writer as its newer visit does."""
        self._target = None
        self._finish(f"exit_status={_KILLED}\n".encode())

    def _begin(self) -> None:
        script = parse(self._command)
        machine = self._host.machine
        machine.commands.append(script.name if script else self._command)
        if script is None:
            status, lines = looking.run_command(machine, self._command)
            self._finish("".join(f"{line}\n" for line in lines).encode(), status)
        elif script.name == "backup":
            self._finish(looking.backup(machine))
        elif script.name == "write":
            self._begin_upload(script)
        else:
            self._playing = asyncio.ensure_future(self._play(script))

    async def _play(self, script: Script) -> None:
        self._finish((await self._host.play(script)).encode())

    def _begin_upload(self, script: Script) -> None:
        try:
            guarded(self._host.machine, script)
        except RefusedError as refused:
            self._refuse_upload(refused.word, refused.detail)
            return
        self._target = script["path"], script.number("offset")
        self._host.writers.add(self)

    def _take(self, data: bytes) -> None:
        if self._target is None:
            return
        path, offset = self._target
        try:
            self._host.machine.write(path, data, offset)
        except NoRoomError:
            self._refuse_upload("no-space", path)
            return
        self._target = path, offset + len(data)
        self._host.uploaded()

    def _refuse_upload(self, word: str, detail: str) -> None:
        """Swallow what is still on its way before the refusal goes out.

        A channel that closes under a client that sends would cost the connection.
        """
        self._target = None
        self._said_at_the_end = f"refused={word}\ndetail={detail}\n"

    def _input_ended(self) -> None:
        if self._target is not None:
            self._target = None
            self._said_at_the_end = "exit_status=0\n"
        if self._said_at_the_end:
            self._finish(self._said_at_the_end.encode())

    def _finish(self, output: bytes, status: int = 0) -> None:
        self._host.writers.discard(self)
        if self._has_ended:
            return
        self._has_ended = True
        self._connection.when_heard(lambda: self._send(output, status))

    def _send(self, output: bytes, status: int) -> None:
        if not self._channel.is_closing():
            self._channel.write(output)
            self._channel.exit(status)
