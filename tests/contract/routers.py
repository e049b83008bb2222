"""The routers that the contract is for: the simulated one and the real one."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any
from uuid import UUID

import msgspec

from application.adapters.ssh.connector import FabricConnector
from application.errors import UnreachableError
from application.ports import Completed, Limits, Login, Session, Span, Target
from application.router.fence import Fence
from application.router.limits import RouterLimits
from application.router.owed import NOTHING_OWED, Owed
from application.router.router import Router
from application.simulation import Fleet, Setup, faults
from tests.routers import face, real, setup

LIMITS = Limits(connect_seconds=60, banner_seconds=60, authentication_seconds=60)
# Who asks again and again must not wait long for one that will never answer.
GLANCE = Limits(connect_seconds=8, banner_seconds=8, authentication_seconds=8)
PATH = "/tmp/flashlog-image.bin"


@contextmanager
def simulated_router(*wrong: face.Fault, **delivered: Any) -> Iterator[face.Router]:
    with Fleet([Setup(**delivered)]) as fleet:
        router = Adapted(fleet.routers[0])
        for fault in wrong:
            router.inject(fault)
        yield router


@contextmanager
def real_router(*wrong: face.Fault, **delivered: Any) -> Iterator[face.Router]:
    with real.RealRouter(setup.Setup(**delivered), faults=wrong) as router:
        yield router


class Adapted:
    """A simulated router that is told of faults in the words of the tests."""

    def __init__(self, router: Any) -> None:
        self._router = router

    def __getattr__(self, name: str) -> Any:
        return getattr(self._router, name)

    def inject(self, fault: face.Fault) -> None:
        kind = getattr(faults, type(fault).__name__)
        self._router.inject(kind(**asdict(fault)))  # type: ignore[call-overload]


class Bytes:
    """An image in memory; see `ports.ImageSource`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.size = len(data)
        self.sha256 = hashlib.sha256(data).hexdigest()

    def read(self, start: int, length: int) -> bytes:
        return self._data[start : start + length]


class Caller:
    """Flashlog's side: a connection, a fence, the typed face of the scripts."""

    def __init__(self, router: face.Router) -> None:
        self.router = router
        self.connector = FabricConnector()
        self._session: Session | None = None
        self.fence = Fence(
            installation="installation-1",
            operation="operation-1",
            visit=1,
            boot_id=router.facts().boot_id,
        )

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self.connect()
        return self._session

    @property
    def scripts(self) -> Router:
        limits = RouterLimits(
            script_seconds=8, restore_wait_seconds=5, hung_flash_seconds=5
        )
        return Router(self.session, limits)

    def connect(
        self,
        host: str | None = None,
        *,
        password: str | None = None,
        limits: Limits = LIMITS,
        **target: Any,
    ) -> Session:
        router = self.router
        login = Login(
            credentials_id=UUID(int=1),
            username=router.username,
            port=router.port,
            password=router.password if password is None else password,
        )
        return self.connector.open(
            Target(addresses=(host or router.host,), logins=(login,), **target), limits
        )

    def connect_with_key(self, private_key: str) -> Session:
        login = Login(
            credentials_id=UUID(int=1),
            username=self.router.username,
            port=self.router.port,
            private_key=private_key,
        )
        target = Target(addresses=(self.router.host,), logins=(login,))
        return self.connector.open(target, LIMITS)

    def hang_up(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def answers(self, host: str | None = None, **how: Any) -> bool:
        """Whether it lets us in now; the session is kept."""
        self.hang_up()
        try:
            self._session = self.connect(host, limits=GLANCE, **how)
        except UnreachableError:
            return False
        return True

    def next_visit(self) -> "Caller":
        later = Caller(self.router)
        later._session = self._session
        later.fence = msgspec.structs.replace(self.fence, visit=self.fence.visit + 1)
        return later

    def as_operation(self, name: str) -> "Caller":
        other = Caller(self.router)
        other._session = self._session
        other.fence = msgspec.structs.replace(self.fence, operation=name)
        return other

    def claim(
        self,
        lease_seconds: int = 600,
        previous: str = "",
        owed: Owed = NOTHING_OWED,
    ) -> "Caller":
        self.claimed = self.scripts.claim(
            self.fence,
            path=PATH,
            lease_seconds=lease_seconds,
            previous=previous,
            owed=owed,
        )
        return self

    def stop(
        self, *services: str, wifi: bool = False, settle_seconds: int = 0
    ) -> "Caller":
        self.stopped = self.scripts.stop_services(
            self.fence,
            path=PATH,
            services=services,
            wifi=wifi,
            settle_seconds=settle_seconds,
        )
        return self

    def upload(
        self,
        image: bytes,
        start: int = 0,
        *,
        channels: int = 4,
        stall_seconds: float = 3,
    ) -> "Caller":
        self.scripts.check_writes(
            self.send(image, start, channels=channels, stall_seconds=stall_seconds)
        )
        return self

    def send(
        self,
        image: bytes,
        start: int = 0,
        *,
        channels: int = 4,
        stall_seconds: float = 3,
    ) -> list[Completed]:
        step = max((len(image) - start) // channels, 65536)
        spans = [
            Span(at, min(at + step, len(image)))
            for at in range(start, len(image), step)
        ]
        return self.session.upload(
            Bytes(image),
            spans,
            command_for=self.scripts.write_command(self.fence, path=PATH),
            channels=channels,
            stall_seconds=stall_seconds,
            bytes_per_second_max=None,
            on_progress=lambda sent: None,
        )

    def flash(self, image: bytes, *flags: str) -> "Caller":
        self.canary_left = self.scripts.flash(
            self.fence,
            path=PATH,
            flags=flags,
            sha256=Bytes(image).sha256,
            lease_seconds=600,
        )
        return self
