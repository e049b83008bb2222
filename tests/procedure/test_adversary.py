"""What goes wrong at the worst moment: nothing is told that is not so, nothing sticks.

Simulated routers only: most of these moments need a hand inside the router.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.commands.devices import NewDevice, add_device
from application.commands.operations import cancel_operation, start_upgrade
from application.errors import LinkLostError, LogFullError
from application.flashlog import Flashlog
from application.procedure.reach import reach
from application.runner import Runner
from application.simulation.machine import MARKER, Machine
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.conftest import MakeWorld
from tests.procedure.moments import Moments, watch_appends
from tests.procedure.world import (
    NEW_REVISION,
    World,
    at,
    eventually,
    untouched,
)
from tests.routers import face
from tests.routers.images import build_image


@pytest.fixture(params=["simulated"])
def make_world(tmp_path: Path) -> Iterator[MakeWorld]:
    with ExitStack() as stack:

        def make(
            *faults: face.Fault, setup: dict[str, Any] | None = None, **settings: Any
        ) -> World:
            router = stack.enter_context(simulated_router(*faults, **(setup or {})))
            world = World(tmp_path, router, **settings)
            stack.callback(world.close)
            return world

        yield make


def machine(world: World) -> Machine:
    """Reach into the simulated router."""
    inside: Machine = world.router._router._life.machine  # type: ignore[attr-defined]
    return inside


def flash_was_refused(world: World) -> bool:
    directory = machine(world).directory
    return bool(directory and directory.flash and directory.flash.was_refused)


def jump_ahead(world: World, seconds: float) -> None:
    clock = world.flashlog.clock
    clock.start_from(clock.now() + timedelta(seconds=seconds))


@contextmanager
def running(world: World, stop: threading.Event) -> Iterator[threading.Thread]:
    """Let a runner and a projector work until the block ends."""
    done = threading.Event()
    projector = threading.Thread(target=world.flashlog.projector.run, args=(done,))
    runner = threading.Thread(target=Runner(world.flashlog).run, args=(stop,))
    with world.flashlog.alone("projector"):
        projector.start()
        runner.start()
        try:
            yield runner
        finally:
            stop.set()
            runner.join(60)
            done.set()
            projector.join(60)


def test_a_runner_goes_on_with_an_operation_when_there_is_room_on_the_disk_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(lease_seconds=1.0)
    append, said = world.flashlog.log.append, list[str]()

    def full_once(*aggregates: Any, **conditions: Any) -> int:
        names = [type(e).__name__ for one in aggregates for e in one._pending]
        if "UploadBegun" in names and not said:
            said.append("full")
            raise LogFullError("no room")
        return append(*aggregates, **conditions)

    world.flashlog.log.append = full_once  # type: ignore[method-assign]
    operation_id = world.start()
    with running(world, threading.Event()):
        eventually(lambda: world.operation(operation_id).is_settled)
    assert said
    assert world.operation(operation_id).status is Status.SUCCESS


def test_a_runner_that_is_stopped_lets_go_of_an_upload_and_the_next_one_goes_on(
    make_world: MakeWorld,
) -> None:
    # Many channels, as a busy machine may choose, would each have less than a piece.
    world = make_world(
        upload_bytes_per_second_max=100_000,
        upload_chunk_bytes=65536,
        upload_channels_max=2,
    )
    operation_id = world.start()
    stop = threading.Event()
    with running(world, stop) as runner:
        eventually(lambda: machine(world).uploaded_bytes > 200_000)
        stop.set()
        runner.join(60)
        assert not runner.is_alive()
    assert world.operation(operation_id).retries == 0
    world.with_settings(upload_bytes_per_second_max=0)
    with running(world, threading.Event()):
        eventually(lambda: world.operation(operation_id).is_settled)
    assert world.operation(operation_id).status is Status.SUCCESS
    story = world.story(operation_id)
    assert "is there already" in story, story
    assert world.router.flashes == 1


def test_an_upload_is_shared_out_among_the_channels_it_may_use(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(upload_channels_max=4)
    writes: list[int] = []
    connector = world.flashlog.connector

    class Far:
        round_trip_seconds = 0.1

        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def upload(self, source: Any, spans: Any, **named: Any) -> Any:
            writes.extend(span.end - span.start for span in spans)
            return self._session.upload(source, spans, **named)

    class Connector:
        def open(self, *args: Any) -> Any:
            return Far(connector.open(*args))

    world.flashlog.connector = Connector()
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS
    assert len(writes) == 4
    assert sum(writes) == len(world.image)


def test_a_runner_does_not_overtake_itself_when_the_clock_jumps(
    make_world: MakeWorld,
) -> None:
    world = make_world(upload_bytes_per_second_max=400_000, lease_seconds=4.0)
    operation_id = world.start()
    with running(world, threading.Event()):
        eventually(lambda: machine(world).uploaded_bytes > 200_000)
        jump_ahead(world, 3600)
        eventually(lambda: world.operation(operation_id).is_settled)
    assert world.operation(operation_id).attempt == 1, world.story(operation_id)


def test_a_refused_flash_without_configuration_is_found_out_all_the_same(
    make_world: MakeWorld,
) -> None:
    """Until it has rebooted the router has its old host key and password."""
    world = make_world(face.LowMemory(), face.RefuseFlash(), reconnect_retries_max=3)
    services = world.router.services_running()
    operation = world.upgrade(n=True)
    assert operation.status is Status.FAILED
    assert "Operation not supported" in world.story(operation.id)
    assert not operation.given_up
    untouched(world.router, services)


def test_a_flash_without_configuration_is_proved_by_a_mac(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    operation = world.upgrade(n=True)
    assert operation.status is Status.SUCCESS, world.story(operation.id)


def test_a_clock_that_jumps_while_sysupgrade_works_fails_nothing(
    make_world: MakeWorld,
) -> None:
    world = make_world(setup={"start_seconds": 2.0})
    operation_id = world.start()
    while not world.operation(operation_id).has_begun_flash:
        world.advance(operation_id)
    jump_ahead(world, 3600)
    operation = world.settle(operation_id)
    assert world.router.flashes == 1
    assert operation.status is Status.SUCCESS, world.story(operation_id)


def test_nothing_is_called_unchanged_while_a_late_flash_may_still_be_sent(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    """A frozen runner thaws after another one has given up waiting for the start."""
    world = make_world(upgrade_timeout_seconds=1.0)
    sent: list[str] = []
    connector = world.flashlog.connector

    class Frozen:
        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def execute(self, command: str, **limits: Any) -> Any:
            if command.startswith("# flashlog flash") and not sent:
                sent.append(command)
                raise LinkLostError("frozen")
            if command.startswith("# flashlog settle"):
                raise LinkLostError("the link broke")
            return self._session.execute(command, **limits)

    class Connector:
        def open(self, *args: Any) -> Any:
            return Frozen(connector.open(*args))

    world.flashlog.connector = Connector()
    operation_id = world.start()
    while not sent:
        world.advance(operation_id)
    jump_ahead(world, 60)
    world.advance(operation_id)
    world.flashlog.connector = connector
    device = world.flashlog.log.get(Device, world.device_id)
    with reach(world.flashlog, device) as (session, _):
        session.execute(sent[0], limit_seconds=60)
    operation = world.settle(operation_id)
    assert world.router.flashes == 1
    assert "unchanged" not in world.story(operation_id)
    assert operation.status is Status.SUCCESS


def test_a_sysupgrade_that_runs_is_not_disturbed_although_its_guard_is_gone(
    make_world: MakeWorld,
) -> None:
    """Somebody deleted Flashlog's directory while the router flashes itself."""
    world = make_world(setup={"start_seconds": 1.5})
    connector = world.flashlog.connector

    class WithoutGuard:
        def __init__(self, session: Any) -> None:
            self._session = session

        def __getattr__(self, name: str) -> Any:
            return getattr(self._session, name)

        def execute(self, command: str, **limits: Any) -> Any:
            said = self._session.execute(command, **limits)
            if b"flash_guard=1\n" not in said.stdout:
                return said
            stdout = said.stdout.replace(b"flash_guard=1\n", b"").replace(
                b"sysupgrade_running=0", b"sysupgrade_running=1"
            )
            return msgspec.structs.replace(said, stdout=stdout)

    class Connector:
        def open(self, *args: Any) -> Any:
            return WithoutGuard(connector.open(*args))

    world.flashlog.connector = Connector()
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    assert operation.looks > 1
    assert world.router.commands.count("flash") == 1


def test_another_router_at_the_address_settles_nothing(make_world: MakeWorld) -> None:
    """It has another boot id, which proves nothing about ours."""
    world = make_world(face.LowMemory(), face.CutAtByte(300_000), retries_max=9)
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    assert not world.router.services_running() >= services
    cancel_operation(world.flashlog, operation_id=operation_id)
    inside = machine(world)
    ours = inside.boot_id, inside.disk.uuid
    inside.boot_id, inside.disk.uuid = "other", "00000000-dead-4bad-8bad-000000000000"
    world.advance(operation_id)
    inside.boot_id, inside.disk.uuid = ours
    world.settle(operation_id)
    assert "by reboot" not in world.story(operation_id)
    untouched(world.router, services)


def test_another_router_after_the_flash_does_not_count_as_ours(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.WrongUuid(after_flash=True))
    operation = world.upgrade()
    assert operation.status is Status.FAILED
    assert "another router" in world.last(operation.id)
    assert "Reconnected" not in world.names(operation.id)
    assert "by reboot" not in world.story(operation.id)
    assert operation.given_up


def test_a_switch_that_fired_but_did_not_bring_all_back_settles_nothing(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(face.LowMemory(), retry_backoff_seconds=30.0)
    services = world.router.services_running()

    def fire_halfway() -> None:
        directory = machine(world).directory
        assert directory
        directory.fired = True
        for name in directory.services[1:]:
            machine(world).start(name)
        del directory.services[1:]

    at(world, tmp_path, "before test_image", fire_halfway)
    operation_id = world.start()
    world.advance(operation_id)
    assert world.operation(operation_id).owed
    cancel_operation(world.flashlog, operation_id=operation_id)
    world.settle(operation_id)
    untouched(world.router, services)


def test_a_switch_that_is_still_at_it_is_not_taken_for_settled_by_the_next_attempt(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.LowMemory(), face.CutAtByte(300_000))
    services = world.router.services_running()
    operation_id = world.start()
    world.advance(operation_id)
    inside = machine(world)
    assert inside.directory
    inside.directory.fired = True
    inside.disk.revision = NEW_REVISION
    inside.disk.files[MARKER] = next(
        e.sha256 for e in world.events(world.image_id) if hasattr(e, "sha256")
    )
    operation = world.settle(operation_id)
    assert operation.status is Status.SUCCESS
    untouched(world.router, services)


def test_the_switch_of_another_operation_is_not_taken_for_ours(
    make_world: MakeWorld,
) -> None:
    """It took the router over, gave back what was owed, and was left alone itself."""
    world = make_world(face.LowMemory(), face.CutAtByte(300_000))
    operation_id = world.start()
    world.advance(operation_id)
    directory = machine(world).directory
    assert directory
    directory.past.add((directory.installation, directory.operation))
    directory.operation = "another"
    directory.fired = directory.settled = True
    operation = world.settle(operation_id)
    assert operation.status is Status.ABORTED
    assert "by switch" not in world.story(operation_id)


def test_a_kept_overlay_keeps_the_canary_which_then_proves_nothing(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    facts = world.router.facts()
    image = build_image(facts.board, facts.release, facts.revision, size=1 << 20)
    operation = world.upgrade(world.add_image(image), o=True)
    assert world.router.flashes == 1
    assert operation.status is Status.FAILED
    assert "old firmware" not in world.last(operation.id)
    assert "nothing proves" in world.last(operation.id)
    well = world.add_image(image, category="well", health_checks=("true",))
    operation = world.upgrade(well, o=True)
    assert operation.status is Status.SUCCESS, world.story(operation.id)


def test_two_devices_that_are_one_router_do_not_take_it_from_each_other(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world()
    first = world.flashlog.log.get(Device, world.device_id)
    second_id = add_device(
        world.flashlog,
        NewDevice(
            name="roof again",
            mac_address=world.router.facts().macs[1],
            addresses=first.addresses,
            credentials_ids=(first.connections[0].credentials_id,),
            agent_uuid=first.agent_uuid,
        ),
    )
    ids: list[UUID] = []

    def meddle() -> None:
        ids.append(
            start_upgrade(world.flashlog, device_id=second_id, image_id=world.image_id)
        )
        plain = world.flashlog.connector
        world.flashlog.connector = plain._connector  # type: ignore[attr-defined]
        world.advance(ids[0], runner="other")

    at(world, tmp_path, "before test_image", meddle)
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)
    other = world.settle(ids[0])
    assert other.status is Status.ABORTED
    assert str(operation.id) in world.story(other.id)


def deactivate(world: World) -> None:
    device = world.flashlog.log.get(Device, world.device_id)
    device.deactivate()
    world.flashlog.log.append(device)


def test_a_device_that_is_deactivated_at_the_last_moment_is_not_flashed(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world()
    moments = Moments(
        tmp_path / "trail",
        "before append FlashBegun+FlashAllowed",
        lambda: deactivate(world),
    )
    watch_appends(world.flashlog, moments)
    operation = world.upgrade()
    assert not world.flashlog.log.get(Device, world.device_id).is_active
    assert operation.status is Status.ABORTED, world.story(operation.id)
    assert "FlashBegun" not in world.names(operation.id)
    assert world.router.flashes == 0


def test_a_device_that_is_deactivated_behind_the_flash_is_upgraded_to_the_end(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world()
    at(world, tmp_path, "before flash", lambda: deactivate(world))
    operation = world.upgrade()
    assert operation.status is Status.SUCCESS, world.story(operation.id)


def test_a_device_that_is_deactivated_while_bytes_flow_is_not_flashed(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world()
    at(world, tmp_path, "after test_image", lambda: deactivate(world))
    operation = world.upgrade()
    assert operation.status is Status.ABORTED, world.story(operation.id)
    assert "deactivated" in world.story(operation.id)
    assert world.router.flashes == 0
    untouched(world.router, ())


def test_a_visit_that_was_overtaken_schedules_nothing_when_it_breaks(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world()
    operation_id = world.start()

    def overtake_and_break() -> None:
        operation = world.flashlog.log.get(UpgradeOperation, operation_id)
        operation.begin_visit("another")
        world.flashlog.log.append(operation)
        raise RuntimeError("a defect of ours")

    at(world, tmp_path, "before test_image", overtake_and_break)
    world.advance(operation_id)
    # What it has said to the router until then is told, nothing is decided.
    assert world.names(operation_id)[-2:] == ["VisitBegun", "VisitRecorded"]


def test_a_refusal_is_told_also_after_the_switch_has_fired(
    make_world: MakeWorld,
) -> None:
    world = make_world(face.LowMemory(), face.RefuseFlash())
    services = world.router.services_running()
    operation_id = world.start()
    while not world.operation(operation_id).has_begun_flash:
        world.advance(operation_id)
    eventually(lambda: flash_was_refused(world))
    world.router.pass_time(1300)
    eventually(lambda: world.router.services_running() >= services)
    operation = world.settle(operation_id)
    assert operation.status is Status.FAILED
    assert "Operation not supported" in world.story(operation_id)


def test_a_device_that_runs_the_image_already_counts_as_installed(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    world.upgrade()
    world.upgrade()
    device = world.flashlog.log.get(Device, world.device_id)
    assert device.installed


def test_a_cancel_between_the_end_of_a_visit_and_its_hand_over_is_not_slept_through(
    make_world: MakeWorld,
) -> None:
    world = make_world(
        face.LowMemory(), face.CutAtByte(300_000), retry_backoff_seconds=60.0
    )
    services = world.router.services_running()
    operation_id = world.start()
    release = world.flashlog.due.release

    def cancel_first(runner: str, operation_id: UUID, *, due_at: float | None) -> None:
        world.flashlog.due.release = release  # type: ignore[method-assign]
        cancel_operation(world.flashlog, operation_id=operation_id)
        release(runner, operation_id, due_at=due_at)

    world.flashlog.due.release = cancel_first  # type: ignore[method-assign]
    with running(world, threading.Event()):
        eventually(lambda: world.operation(operation_id).has_ended)
        eventually(lambda: world.operation(operation_id).is_settled)
    untouched(world.router, services)


def test_a_marker_does_not_outlive_a_flash_that_was_not_verified(
    make_world: MakeWorld,
) -> None:
    """Images that share a revision are told apart by the marker alone."""
    world = make_world(health_retry_seconds=0.5)
    facts = world.router.facts()
    good, bad = (
        build_image(facts.board, facts.release, facts.revision, size=size)
        for size in (1 << 20, 1 << 19)
    )
    first = world.add_image(good, category="good")
    assert world.upgrade(first).status is Status.SUCCESS
    sick = world.add_image(bad, category="sick", health_checks=("exit 3",))
    assert world.upgrade(sick).status is Status.FAILED
    assert world.router.flashes == 2
    back = world.upgrade(first)
    assert back.status is Status.SUCCESS
    assert world.router.flashes == 3


def test_a_cancel_whose_session_breaks_is_given_back_over_another_at_once(
    make_world: MakeWorld, tmp_path: Path
) -> None:
    world = make_world(
        face.LowMemory(),
        upload_bytes_per_second_max=100_000,
        settle_backoff_seconds=60.0,
        settle_backoff_max_seconds=60.0,
    )
    services = world.router.services_running()
    cut: Callable[[], None] = world.router.cut_connections  # type: ignore[attr-defined]
    at(world, tmp_path, "before settle", cut)
    operation_id = world.start()
    with running(world, threading.Event()):
        eventually(lambda: machine(world).uploaded_bytes > 100_000)
        cancel_operation(world.flashlog, operation_id=operation_id)
        eventually(lambda: world.operation(operation_id).is_settled)
    untouched(world.router, services)


def test_what_a_process_with_a_later_clock_starts_is_begun_all_the_same(
    make_world: MakeWorld,
) -> None:
    """One process followed a jump of the clock that is over for all the others."""
    world = make_world(lease_seconds=1.0)
    web = Flashlog(world.settings)
    web.clock.start_from(web.clock.now() + timedelta(days=900))
    with running(world, threading.Event()):
        operation_id = start_upgrade(
            web, device_id=world.device_id, image_id=world.image_id
        )
        web.close()
        eventually(lambda: world.operation(operation_id).is_settled)
    assert world.operation(operation_id).status is Status.SUCCESS
