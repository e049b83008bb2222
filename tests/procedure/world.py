"""One Flashlog, one router, one image: everything an upgrade needs, on real SSH."""

import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from application.procedure.advance import advance
from application.procedure.story import render_log
from application.settings import Settings
from domain.base import Event
from domain.device.words import Jump
from domain.operation.operation import UpgradeOperation
from tests.procedure.moments import Moments, WatchedConnector
from tests.routers.face import Router
from tests.routers.images import build_image

NEW_RELEASE, NEW_REVISION = "24.10.0", "r28427-6df0e3d02a"

# Everything that waits is short here; what a test is about, it says.
QUICK = {
    "connect_seconds": 20.0,
    "banner_seconds": 20.0,
    "authentication_seconds": 20.0,
    "retry_backoff_seconds": 0.2,
    "retry_backoff_max_seconds": 0.5,
    "reconnect_delay_seconds": 0.3,
    "reconnect_retry_delay_seconds": 0.6,
    "reconnect_retries_max": 60,
    "upgrade_timeout_seconds": 60.0,
    "upload_stall_seconds": 20.0,
    "settle_backoff_seconds": 0.3,
    "settle_backoff_max_seconds": 0.6,
    "memory_settle_seconds": 20.0,
    "poll_seconds": 0.02,
    "lease_seconds": 10.0,
}


class World:
    """A Flashlog with the router in its inventory."""

    def __init__(
        self,
        directory: Path,
        router: Router,
        *,
        image: bytes | None = None,
        jump: tuple[str, NewCredentials] | None = None,
        **settings: Any,
    ) -> None:
        self.router = router
        self.settings = Settings(data_dir=directory / "data", **(QUICK | settings))
        self.flashlog = Flashlog(self.settings)
        facts = router.facts()
        self.image = image or build_image(
            facts.board,
            NEW_RELEASE,
            NEW_REVISION,
            size=1 << 20,
            target=facts.target,
        )
        credentials_id = add_credentials(
            self.flashlog,
            NewCredentials(
                username=router.username, password=router.password, port=router.port
            ),
        )
        self.device_id = add_device(
            self.flashlog,
            NewDevice(
                name="roof",
                mac_address=facts.macs[0],
                addresses=(router.host, router.other_host),
                credentials_ids=(credentials_id,),
                agent_uuid=UUID(facts.uuid) if facts.uuid else None,
                jumps=(self._jump(*jump),) if jump else (),
            ),
        )
        self.image_id = self.add_image(self.image)

    def _jump(self, address: str, login: NewCredentials) -> Jump:
        credentials_id = add_credentials(self.flashlog, login)
        return Jump(address=address, credentials_id=credentials_id)

    def add_image(self, image: bytes, **said: Any) -> UUID:
        new = NewImage(file_name=f"openwrt-{len(image)}-sysupgrade.bin", **said)
        return add_image(self.flashlog, new, [image])

    def start(self, image_id: UUID | None = None, **options: bool) -> UUID:
        return start_upgrade(
            self.flashlog,
            device_id=self.device_id,
            image_id=image_id or self.image_id,
            options=options,
        )

    def advance(self, operation_id: UUID, runner: str = "test") -> None:
        """Make one visit; wait for it to be due first."""
        operation = self.operation(operation_id)
        if operation.next_visit_at is not None:
            late = (operation.next_visit_at - self.flashlog.clock.now()).total_seconds()
            time.sleep(max(0.0, late))
        advance(self.flashlog, operation_id, runner=runner)

    def settle(
        self, operation_id: UUID, *, limit_seconds: float = 100
    ) -> UpgradeOperation:
        """Visit until the operation has ended and owes nothing."""
        deadline = time.monotonic() + limit_seconds
        while not (operation := self.operation(operation_id)).is_settled:
            assert time.monotonic() < deadline, "\n".join(self.lines(operation_id))
            self.advance(operation_id)
        return operation

    def upgrade(
        self, image_id: UUID | None = None, **options: bool
    ) -> UpgradeOperation:
        return self.settle(self.start(image_id, **options))

    def operation(self, operation_id: UUID) -> UpgradeOperation:
        return self.flashlog.log.get(UpgradeOperation, operation_id)

    def events(self, operation_id: UUID) -> list[Event]:
        return [entry.event for entry in self.flashlog.log.story(operation_id)]

    def names(self, operation_id: UUID) -> list[str]:
        return [type(event).__name__ for event in self.events(operation_id)]

    def lines(self, operation_id: UUID) -> list[str]:
        return render_log(self.flashlog.log.story(operation_id))

    def last(self, operation_id: UUID) -> str:
        return self.lines(operation_id)[-1]

    def story(self, operation_id: UUID) -> str:
        return "\n".join(self.lines(operation_id))

    def with_settings(self, **settings: Any) -> None:
        self.settings = msgspec.structs.replace(self.settings, **settings)
        self.flashlog.settings = self.settings

    def close(self) -> None:
        self.flashlog.close()


def eventually(
    holds: Callable[[], bool], *, limit_seconds: float = 60.0, why: str = ""
) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + limit_seconds
    while not holds():
        assert time.monotonic() < deadline, why or "it did not come true in time"
        time.sleep(0.02)


def in_background(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def at(world: World, tmp_path: Path, moment: str, act: Callable[[], None]) -> None:
    """Do something at the first moment of this name."""
    moments = Moments(tmp_path / "trail", moment, act)
    world.flashlog.connector = WatchedConnector(world.flashlog.connector, moments)


def untouched(router: Router, services: Iterable[str]) -> None:
    """Assert that the router is as it was: services up, Wi-Fi up, no image left."""
    assert router.services_running() >= set(services)
    assert router.wifi_is_up()
    assert not [name for name in router.files_in_tmp() if name.endswith(".bin")]
