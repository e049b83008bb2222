"""An open session: commands and uploads over one authenticated connection."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID

import paramiko

from application.adapters.ssh.channels import ChannelRefusedError, open_channel
from application.adapters.ssh.exchange import Exchange
from application.adapters.ssh.upload import Upload
from application.adapters.ssh.wire import hang_up
from application.errors import LinkLostError
from application.ports import Completed, HostKey, ImageSource, Span

_CHANNEL_OPEN_SECONDS = 30.0
_BROKEN = (EOFError, paramiko.SSHException)  # what paramiko raises while it sends


class FabricSession:
    """A `ports.Session` on a chain of Fabric connections, the router's own one last."""

    def __init__(  # what is known of a session, all of it
        self,
        connections: Sequence[Any],
        *,
        address: str,
        port: int,
        credentials_id: UUID,
        refused: Mapping[UUID, str],
        host_key: HostKey,
        jump_host_keys: tuple[HostKey, ...] = (),
        weak_algorithms: bool,
    ) -> None:
        self._connections = connections
        self._transport = connections[-1].transport
        self.address = address
        self.port = port
        self.credentials_id = credentials_id
        self.refused = refused
        self.host_key = host_key
        self.jump_host_keys = jump_host_keys
        self.weak_algorithms = weak_algorithms
        # Opening a channel takes one round trip and the router no work, so the first
        # command's channel is opened now and measures the way there.
        begun = time.monotonic()
        self._spare = [open_channel(self._transport, _CHANNEL_OPEN_SECONDS)]
        self.round_trip_seconds = time.monotonic() - begun
        for connection in connections:
            connection.transport.packetizer.settle()

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        """Run a command; see `ports.Session.execute`.

        Also raises UnexpectedError when it writes more than `stdout_bytes_max`. A
        session whose command passed its limit is best closed: the command still runs,
        and old dropbear may close what is started while it ends (see `upload`).
        """
        try:
            exchange = Exchange(self._channel(limit_seconds), command, stdout_bytes_max)
            exchange.end_input()
            return exchange.finish(limit_seconds)
        except (*_BROKEN, ChannelRefusedError) as error:
            raise LinkLostError(f"the connection broke: {error}") from error

    def upload(  # the port's own list
        self,
        source: ImageSource,
        spans: Sequence[Span],
        *,
        command_for: Callable[[int], str],
        channels: int,
        stall_seconds: float,
        bytes_per_second_max: int | None,
        on_progress: Callable[[int], None],
    ) -> list[Completed]:
        """Send spans of an image; see `ports.Session.upload`.

        `bytes_sent` counts what the router has taken, not what waits on the way. After
        an exception the session may be closed: a link that is stuck is cut.
        """
        upload = Upload(
            source,
            spans,
            command_for=command_for,
            bytes_per_second_max=bytes_per_second_max,
            stall_seconds=stall_seconds,
            on_progress=on_progress,
            open_channel=self._channel,
            hang_up=self.close,
        )
        try:
            return upload.run(channels)
        except _BROKEN as error:
            raise LinkLostError(f"the connection broke: {error}") from error

    def close(self) -> None:
        """Close the connection and those it goes through; never raises."""
        # The first one has the only real socket: without it nothing can wait any more.
        for connection in self._connections:
            with suppress(Exception):
                hang_up(connection.client)

    def _channel(self, limit_seconds: float = _CHANNEL_OPEN_SECONDS) -> Any:
        with suppress(IndexError):
            spare = self._spare.pop()
            if not spare.closed:
                return spare
        return open_channel(self._transport, min(limit_seconds, _CHANNEL_OPEN_SECONDS))
