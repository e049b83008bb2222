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

import pytest

from application.commands.operations import cancel_operation
from application.errors import LogFullError
from application.runner import Runner
from application.simulation.machine import Machine
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.contract.routers import simulated_router
from tests.procedure.conftest import MakeWorld
from tests.procedure.moments import Moments, WatchedConnector
from tests.procedure.world import (
    World,
    eventually,
    untouched,
)
from tests.routers import face


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


def at(world: World, tmp_path: Path, moment: str, act: Callable[[], None]) -> None:
    moments = Moments(tmp_path / "trail", moment, act)
    world.flashlog.connector = WatchedConnector(world.flashlog.connector, moments)


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
            runner.join(30)
            done.set()
            projector.join(10)


def test_a_runner_goes_on_with_an_operation_when_there_is_room_on_the_disk_again(
    make_world: MakeWorld,
) -> None:
    world = make_world(lease_seconds=1.0)
    append, said = world.flashlog.log.append, list[str]()

    def full_once(*aggregates: Any) -> int:
        names = [type(e).__name__ for one in aggregates for e in one._pending]
        if "UploadBegun" in names and not said:
            said.append("full")
            raise LogFullError("no room")
        return append(*aggregates)

    world.flashlog.log.append = full_once  # type: ignore[method-assign]
    operation_id = world.start()
    with running(world, threading.Event()):
        eventually(lambda: world.operation(operation_id).is_settled, limit_seconds=15)
    assert said
    assert world.operation(operation_id).status is Status.SUCCESS


def test_a_runner_that_is_stopped_lets_go_of_an_upload_and_the_next_one_goes_on(
    make_world: MakeWorld,
) -> None:
    world = make_world(upload_bytes_per_second_max=100_000, upload_chunk_bytes=65536)
    operation_id = world.start()
    stop = threading.Event()
    with running(world, stop) as runner:
        eventually(lambda: machine(world).uploaded_bytes > 200_000)
        stop.set()
        runner.join(2)
        assert not runner.is_alive()
    assert world.operation(operation_id).retries == 0
    world.with_settings(upload_bytes_per_second_max=0)
    with running(world, threading.Event()):
        eventually(lambda: world.operation(operation_id).is_settled, limit_seconds=15)
    assert world.operation(operation_id).status is Status.SUCCESS
    assert "is there already" in world.story(operation_id)
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
        eventually(lambda: world.operation(operation_id).is_settled, limit_seconds=20)
    assert world.operation(operation_id).attempt == 1, world.story(operation_id)


def test_a_flash_without_configuration_is_proved_by_a_mac(
    make_world: MakeWorld,
) -> None:
    world = make_world()
    operation = world.upgrade(n=True)
    assert operation.status is Status.SUCCESS, world.story(operation.id)


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
    assert world.names(operation_id)[-1] == "VisitBegun"


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
        eventually(lambda: world.operation(operation_id).is_settled, limit_seconds=10)
    untouched(world.router, services)
