"""What the procedure needs of the outside world."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

import msgspec


class HostKey(msgspec.Struct, frozen=True, kw_only=True):
    """A public host key: SSH type name, base64 blob, `SHA256:…` fingerprint."""

    type: str
    base64: str
    fingerprint: str


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """How to log in: exactly one of password (may be empty) or private key (PEM)."""

    credentials_id: UUID
    username: str
    port: int = 22
    password: str | None = None
    private_key: str | None = None
    passphrase: str | None = None


class JumpHost(msgspec.Struct, frozen=True, kw_only=True):
    """A host that the connection goes through, with its own log-in and pinned key."""

    address: str
    login: Login
    host_key: HostKey | None = None


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """Where a router may be reached and what is known of its host key.

    `host_key` None means trust on first use. `accept_new_host_key` is for the first
    contact after a flash that keeps no configuration: then only a public key or an
    empty password is offered.
    """

    addresses: tuple[str, ...]
    logins: tuple[Login, ...]
    host_key: HostKey | None = None
    jump_hosts: tuple[JumpHost, ...] = ()
    accept_new_host_key: bool = False


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of connecting and of talking, in seconds."""

    connect_seconds: float = 10.0
    banner_seconds: float = 30.0
    authentication_seconds: float = 20.0


class Completed(msgspec.Struct, frozen=True, kw_only=True):
    """A command that ended. `exit_status` None: the session ended without one."""

    exit_status: int | None
    stdout: bytes
    stderr: bytes
    seconds: float


class Span(msgspec.Struct, frozen=True):
    """A run of bytes of the image, `start` included, `end` excluded."""

    start: int
    end: int


class Session(Protocol):
    """One open, authenticated SSH connection to a router."""

    address: str
    port: int
    credentials_id: UUID
    refused: Mapping[UUID, str]  # credentials that were tried before, and why not
    host_key: HostKey
    jump_host_keys: tuple[HostKey, ...]  # of the hosts on the way, in order
    weak_algorithms: bool  # SHA-1 had to be used: OpenWrt 18.06 and 19.07
    round_trip_seconds: float

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        """Run a command with an empty standard input and wait for its end.

        Raises LinkLostError when the connection breaks or the limit passes.
        """

    def upload(
        self,
        source: "ImageSource",
        spans: Sequence[Span],
        *,
        command_for: Callable[[int], str],
        channels: int,
        stall_seconds: float,
        bytes_per_second_max: int | None,
        on_progress: Callable[[int], None],
    ) -> list[Completed]:
        """Send spans of the image, each over a channel of its own, several at once.

        `command_for(offset)` is the command that writes its standard input at that
        offset. `on_progress(bytes_sent)` is called at least every 0.5 s from the
        calling thread, also while nothing moves; an exception it raises ends the
        upload within a second and is passed on. Raises LinkLostError when the
        connection breaks or nothing moves for `stall_seconds`.
        """

    def close(self) -> None:
        """Close the connection; never raises."""


class Connector(Protocol):
    """Opens sessions: every address with every log-in, in order, each with limits."""

    def open(self, target: Target, limits: Limits) -> Session:
        """Open the first session that works.

        Raises HostKeyChangedError (before anything secret is sent) and
        UnreachableError with one reason per address and log-in tried.
        """


class ImageSource(Protocol):
    """A firmware image that can be read piecewise."""

    size: int
    sha256: str

    def read(self, start: int, length: int) -> bytes:
        """Return bytes from `start`; fewer than `length` only at the end."""


class Clock(Protocol):
    """The clock of the log, in UTC."""

    def now(self) -> datetime:
        """Return an aware UTC time that never goes back within one process."""

    def start_from(self, recorded_at: datetime) -> None:
        """Be no earlier than what another process has recorded already."""
