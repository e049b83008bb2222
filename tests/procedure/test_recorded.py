"""What is recorded of an upgrade, and that no upgrade suffers from it."""

import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from application.commands.operations import cancel_operation
from application.recordings.lines import AnyLine, CommandLine, UploadLine, decode
from domain.operation import events
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.world import World, at, untouched
from tests.routers import face

MakeWorld = Callable[..., World]
QUICK = {"start_seconds": 0.05, "write_seconds": 0.05, "reboot_seconds": 0.2}


@pytest.fixture
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    with ExitStack() as stack:

        def make(*faults: face.Fault, **settings: Any) -> World:
            router = stack.enter_context(simulated_router(*faults, **QUICK))
            world = World(tmp_path, router, reconnect_delay_seconds=0.1, **settings)
            stack.callback(world.close)
            return world

        yield make


def recorded(world: World) -> list[AnyLine]:
    """Return all that was recorded in this world, in the order of the log."""
    lines = []
    for entry in world.flashlog.log.read(after=0, limit=10_000):
        if isinstance(entry.event, events.VisitRecorded):
            content = world.flashlog.recordings.get(entry.event.sha256)
            lines += list(decode(zlib.decompress(content).splitlines()))
    return lines


def scripts(world: World) -> list[str]:
    """Return what the router was told, as it was recorded."""
    told = []
    for line in recorded(world):
        if isinstance(line, CommandLine):
            told.append(line.script)
        elif isinstance(line, UploadLine):
            told += ["write"] * len(line.answers)
    return told


def test_all_that_the_router_was_told_is_recorded_and_nothing_that_is_secret(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(face.LowMemory(recoverable=True))
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS
    assert scripts(world) == world.router.commands
    secrets = [world.router.password.encode(), world.image[1000:1032], b"\x1f\x8b"]
    backup_id = operation.backup_id
    assert backup_id
    backup = world.flashlog.vault.get_bytes(backup_id)
    secrets.append(backup[:32])
    files = list((tmp_path / "data" / "recordings").rglob("*/*"))
    assert len(files) == world.names(operation.id).count("VisitRecorded")
    assert sum(path.stat().st_size for path in files) < 8 << 10
    for path in files:
        content = zlib.decompress(path.read_bytes())
        assert not [secret for secret in secrets if secret in content]


def test_a_recording_costs_no_commit(make_world: MakeWorld) -> None:
    world = make_world(face.LowMemory(recoverable=False))
    operation = world.upgrade()
    story = world.flashlog.log.story(operation.id)
    appends: dict[Any, list[str]] = {}
    for entry in story:
        name = type(entry.event).__name__
        appends.setdefault(entry.recorded_at, []).append(name)
    with_recording = [each for each in appends.values() if "VisitRecorded" in each]
    assert with_recording
    # The last word of a story stays how it ended.
    assert with_recording[-1][0] == "VisitRecorded"
    assert with_recording[-1][-1] == "Aborted"


def test_a_full_disk_costs_the_recording_alone_and_that_is_said(
    make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = make_world()

    def full(_: bytes) -> str:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(world.flashlog.recordings, "put", full)
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    said = "This visit could not be recorded: No space left on device"
    assert said in world.lines(operation.id)


def test_who_wants_no_recordings_gets_none(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(recording_days=0)
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS
    assert "VisitRecorded" not in world.names(operation.id)
    assert not (tmp_path / "data" / "recordings").exists()


def test_a_visit_that_breaks_off_is_not_recorded_and_the_next_one_is(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    class Killed(BaseException):
        """As hard an end as there is within one process."""

    def kill() -> None:
        raise Killed

    world = make_world()
    at(world, tmp_path, "before test_image", kill)
    operation_id = world.start()
    with pytest.raises(Killed):
        world.advance(operation_id)
    assert recorded(world) == []
    operation = world.settle(operation_id)
    assert operation.status is Status.SUCCESS
    lost = world.router.commands.index(
        "claim", world.router.commands.index("claim") + 1
    )
    # The second visit begins with the look before its claim.
    assert scripts(world) == world.router.commands[lost - 1 :]


def test_what_is_given_back_after_a_cancel_is_recorded_too(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(face.LowMemory(recoverable=True))
    services = world.router.services_running()
    operation_id = world.start()

    def cancel() -> None:
        cancel_operation(world.flashlog, operation_id=operation_id)

    at(world, tmp_path, "before test_image", cancel)
    operation = world.settle(operation_id)
    assert operation.status is Status.CANCELLED
    untouched(world.router, services)
    assert scripts(world) == world.router.commands
    assert scripts(world)[-1] == "settle"
