from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from uuid import UUID

import msgspec
import pytest

from application.ports import Completed, HostKey, ImageSource, Span
from application.router.fence import Fence
from application.router.limits import RouterLimits
from application.router.router import Router
from tests.application.router.tiny import TinyRouter, missing, tiny_router

PATH = "/tmp/flashlog-image.bin"


@pytest.fixture(scope="session")
def _possible() -> None:
    if reason := missing():
        pytest.skip(reason)


@pytest.fixture
def tiny(_possible: None, tmp_path: Path) -> Iterator[TinyRouter]:
    with tiny_router(tmp_path / "root") as router:
        yield router


class TinySession:
    """The port Session, straight into the tiny router."""

    address = "tiny"
    port = 22
    credentials_id = UUID(int=1)
    refused: Mapping[UUID, str] = MappingProxyType({})
    host_key = HostKey(type="ssh-ed25519", base64="", fingerprint="SHA256:tiny")
    jump_host_keys: tuple[HostKey, ...] = ()
    weak_algorithms = False
    round_trip_seconds = 0.0

    def __init__(self, tiny: TinyRouter) -> None:
        self._tiny = tiny

    def execute(
        self, command: str, *, limit_seconds: float, stdout_bytes_max: int = 1 << 20
    ) -> Completed:
        return self._tiny.run(command)

    def upload(
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
        return [
            self._tiny.run(
                command_for(span.start),
                source.read(span.start, span.end - span.start),
            )
            for span in spans
        ]

    def close(self) -> None:
        pass


class Visit:
    """A visit of one operation, with the router as its scripts see it."""

    def __init__(
        self,
        tiny: TinyRouter,
        *,
        operation: str = "operation-1",
        visit: int = 1,
        installation: str = "installation-1",
    ) -> None:
        self.tiny = tiny
        self.fence = Fence(
            installation=installation,
            operation=operation,
            visit=visit,
            boot_id=tiny.boot_id,
        )
        self.router = Router(TinySession(tiny), RouterLimits(restore_wait_seconds=2))

    def impatient(self) -> "Visit":
        """Take a sysupgrade for hung after 2 s."""
        self.router = Router(
            TinySession(self.tiny),
            RouterLimits(restore_wait_seconds=2, hung_flash_seconds=2),
        )
        return self

    def next(self) -> "Visit":
        later = Visit(self.tiny)
        later.fence = msgspec.structs.replace(self.fence, visit=self.fence.visit + 1)
        return later

    def claim(self, lease_seconds: int = 600, previous: str = "") -> "Visit":
        self.claimed = self.router.claim(
            self.fence, path=PATH, lease_seconds=lease_seconds, previous=previous
        )
        return self

    def stop(self, *services: str, wifi: bool = False) -> "Visit":
        self.router.stop_services(
            self.fence, path=PATH, services=services, wifi=wifi, settle_seconds=0
        )
        return self

    def write(self, data: bytes, offset: int = 0) -> "Visit":
        command = self.router.write_command(self.fence, path=PATH)(offset)
        self.router.check_writes([self.tiny.run(command, data)])
        return self

    def flash_inputs(
        self, sha256: str, lease_seconds: int = 600
    ) -> dict[str, str | int]:
        return {
            **self.fence.inputs(),
            "path": PATH,
            "flags": "-n",
            "sha256": sha256,
            "canary": "/usr/share/flashlog.canary",
            "lease_seconds": lease_seconds,
        }


@pytest.fixture
def visit(tiny: TinyRouter) -> Visit:
    return Visit(tiny)


def uploaded(tiny: TinyRouter) -> Path:
    return tiny.tmp / PATH.removeprefix("/tmp/")


def names(files: Iterable[Path]) -> set[str]:
    return {file.name for file in files}
