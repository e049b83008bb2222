"""The four endings that the demo shows, and what must be true after each."""

from collections.abc import Iterable
from typing import Protocol

import msgspec


class RehearsalRouter(Protocol):
    """A router that can be asked what really happened to it."""

    host: str
    port: int
    username: str
    password: str

    @property
    def flashes(self) -> int: ...

    def services_running(self) -> set[str]: ...

    def files_in_tmp(self) -> set[str]: ...

    def wifi_is_up(self) -> bool: ...


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """One router's part: what goes wrong, how it must end, how often it is flashed."""

    name: str
    story: str
    status: str
    flashes: int
    is_cancelled: bool = False
    # Words that the log of the operation must hold: the right end for the right reason.
    said: tuple[str, ...] = ()


SUCCESS = Scene(
    name="roof",
    story="nothing goes wrong",
    status="success",
    flashes=1,
    said=("Outcome verified",),
)
LOW_MEMORY = Scene(
    name="attic",
    story="too little memory",
    status="aborted",
    flashes=0,
    said=("stopping non-critical services", "Services running again"),
)
CANCEL = Scene(
    name="tower",
    story="a person cancels at upload",
    status="cancelled",
    flashes=0,
    is_cancelled=True,
    said=("Uploading", "cancelled"),
)
OLD_FIRMWARE = Scene(
    name="harbour",
    story="comes back with old firmware",
    status="failed",
    flashes=1,
    said=("Reconnected",),
)
SCENES = (SUCCESS, LOW_MEMORY, CANCEL, OLD_FIRMWARE)


class Truth(msgspec.Struct, frozen=True, kw_only=True):
    """What the router itself says afterwards."""

    flashes: int
    missing_services: tuple[str, ...]
    wifi_is_up: bool
    left_files: tuple[str, ...]


def truth_of(router: RehearsalRouter, services_before: Iterable[str]) -> Truth:
    """Ask the router, past Flashlog, what it has lived through."""
    return Truth(
        flashes=router.flashes,
        missing_services=tuple(
            sorted(set(services_before) - router.services_running())
        ),
        wifi_is_up=router.wifi_is_up(),
        left_files=tuple(
            sorted(path for path in router.files_in_tmp() if path.endswith(".bin"))
        ),
    )


def complaints(scene: Scene, status: str, log: str, truth: Truth) -> list[str]:
    """Say what is not as it should be; nothing when all is."""
    found = []
    if status != scene.status:
        found.append(f"ended {status}, should have ended {scene.status}")
    if truth.flashes != scene.flashes:
        found.append(f"flashed {truth.flashes} times, should be {scene.flashes}")
    if truth.missing_services:
        found.append(f"services not running: {', '.join(truth.missing_services)}")
    if not truth.wifi_is_up:
        found.append("Wi-Fi is down")
    if truth.left_files:
        found.append(f"files left: {', '.join(truth.left_files)}")
    found += [
        f"the log does not say {words!r}" for words in scene.said if words not in log
    ]
    return found
