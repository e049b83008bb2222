"""SSH servers that misbehave on purpose or remember what they were told.

Built on paramiko's server side, because a real one does not say which password it was
offered, and none has been built for years that speaks SHA-1 alone.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import paramiko

Play = Callable[[Any, str], None]
_RSA_SHA2 = ("rsa-sha2-256", "rsa-sha2-512")


def exit_with(status: int) -> Play:
    def play(channel: Any, command: str) -> None:
        channel.send_exit_status(status)
        channel.close()

    return play


def exit_without_status(channel: Any, command: str) -> None:
    channel.close()


def flood(channel: Any, command: str) -> None:
    with contextlib.suppress(OSError, EOFError):
        while True:
            channel.sendall(b"x" * 30000)


def hang(channel: Any, command: str) -> None:
    """Keep the channel open for ever."""


class _Desk(paramiko.ServerInterface):  # type: ignore[misc]  # paramiko is untyped
    def __init__(self, server: "FakeServer") -> None:
        self._server = server

    def get_allowed_auths(self, username: str) -> str:
        return "password,publickey"

    def check_auth_none(self, username: str) -> int:
        self._server.attempts.append(("none", ""))
        return self._answer(accepted=self._server.lets_in_none)

    def check_auth_password(self, username: str, password: str) -> int:
        self._server.attempts.append(("password", password))
        return self._answer(accepted=password == self._server.password)

    def check_auth_publickey(self, username: str, key: Any) -> int:
        self._server.attempts.append(("publickey", key.get_name()))
        return self._answer(accepted=key.get_base64() in self._server.authorized)

    def check_channel_request(self, kind: str, chanid: int) -> int:
        return int(paramiko.OPEN_SUCCEEDED)

    def check_channel_exec_request(self, channel: Any, command: bytes) -> bool:
        text = command.decode()
        threading.Thread(
            target=self._server.play, args=(channel, text), daemon=True
        ).start()
        return True

    @staticmethod
    def _answer(*, accepted: bool) -> int:
        return int(paramiko.AUTH_SUCCESSFUL if accepted else paramiko.AUTH_FAILED)


class FakeServer:
    """Listens on `port`; `attempts` are the log-ins it saw, (method, what)."""

    def __init__(
        self,
        *host_keys: Any,
        password: str | None = None,
        authorized: tuple[str, ...] = (),
        lets_in_none: bool = False,
        only_sha1: bool = False,
        play: Play | None = None,
    ) -> None:
        self.attempts: list[tuple[str, str]] = []
        self.connections = 0
        self.host_key_types: list[str] = []
        self.password = password
        self.authorized = authorized
        self.lets_in_none = lets_in_none
        self.play: Play = play or exit_with(0)
        self._only_sha1 = only_sha1
        self._host_keys = host_keys
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._transports: list[Any] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)
        self.drop()

    def drop(self) -> None:
        """End every connection, as `killall dropbear` does."""
        for transport in self._transports:
            with contextlib.suppress(OSError):
                transport.sock.shutdown(socket.SHUT_RDWR)
            transport.close()

    def _run(self) -> None:
        while True:
            try:
                stream, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            weak = {"keys": _RSA_SHA2, "pubkeys": _RSA_SHA2} if self._only_sha1 else {}
            transport = paramiko.Transport(
                stream, disabled_algorithms=weak, server_sig_algs=not self._only_sha1
            )
            transport.set_log_channel("flashlog.ssh.paramiko")
            for key in self._host_keys:
                transport.add_server_key(key)
            self._transports.append(transport)
            with contextlib.suppress(paramiko.SSHException, EOFError):
                # The listener goes on; the transport has a thread of its own.
                transport.start_server(event=threading.Event(), server=_Desk(self))


@contextlib.contextmanager
def running(server: FakeServer) -> Iterator[FakeServer]:
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextlib.contextmanager
def silent_server(first_words: bytes = b"") -> Iterator[int]:
    """Accept connections, say `first_words` and nothing more; yields the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        streams = []

        def accept() -> None:
            with contextlib.suppress(OSError):
                while True:
                    stream, _ = listener.accept()
                    stream.sendall(first_words)
                    streams.append(stream)

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)
            for stream in streams:
                stream.close()


@contextlib.contextmanager
def deaf_server() -> Iterator[int]:
    """Listen with a full queue, so that a connection is never made; yields the port."""
    with socket.socket() as listener, contextlib.ExitStack() as stack:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.settimeout(0)
            filler.connect_ex(address)
        yield address[1]
