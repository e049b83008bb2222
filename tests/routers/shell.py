"""A plain SSH client for tests of the routers themselves."""

from collections.abc import Iterator
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import paramiko
from paramiko.auth_strategy import (
    AuthSource,
    AuthStrategy,
    InMemoryPrivateKey,
    NoneAuth,
    Password,
)

from tests.routers.face import Router

_LIMIT_SECONDS = 60.0


@dataclass(frozen=True)
class Answer:
    """How a command ended; status -1 is an end without one."""

    status: int
    output: str
    errors: str


class OneTry(AuthStrategy):  # type: ignore[misc]
    """One way in, offered once."""

    def __init__(self, source: AuthSource) -> None:
        super().__init__(ssh_config=None)
        self._source = source

    def get_sources(self) -> Iterator[AuthSource]:
        yield self._source


class Shell:
    """One SSH connection as root."""

    def __init__(
        self, router: Router, *, key: paramiko.PKey | None = None, host: str = ""
    ) -> None:
        self._client = paramiko.SSHClient()
        self._client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        strategy = self._strategy(router, key)
        self._client.connect(
            host or router.host,
            router.port,
            router.username,
            auth_strategy=strategy,
            timeout=_LIMIT_SECONDS,
            banner_timeout=_LIMIT_SECONDS,
        )

    @staticmethod
    def _strategy(router: Router, key: paramiko.PKey | None) -> AuthStrategy:
        """Where the password is empty dropbear lets in who asks for nothing."""
        source: AuthSource
        if key is not None:
            source = InMemoryPrivateKey(router.username, key)
        elif router.password:
            source = Password(router.username, lambda: router.password)
        else:
            source = NoneAuth(router.username)
        return OneTry(source)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    @property
    def transport(self) -> paramiko.Transport:
        transport = self._client.get_transport()
        assert transport is not None
        return transport

    @property
    def host_key(self) -> bytes:
        return bytes(self.transport.get_remote_server_key().asbytes())

    def run(self, command: str, data: bytes = b"") -> Answer:
        """Run it to its end, with `data` on its standard input."""
        channel = self.transport.open_session(timeout=_LIMIT_SECONDS)
        channel.settimeout(_LIMIT_SECONDS)
        channel.exec_command(command)
        if data:
            channel.sendall(data)
        channel.shutdown_write()
        output = channel.makefile("rb").read().decode()
        errors = channel.makefile_stderr("rb").read().decode()
        status = channel.recv_exit_status()
        channel.close()
        return Answer(status, output, errors)
