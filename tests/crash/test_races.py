"""Two who decide at the same moment: exactly one wins, the loser is told why."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import pytest

from application.commands.operations import cancel_operation
from application.procedure.advance import advance
from application.simulation import Fleet
from application.simulation.setup import Setup
from domain.errors import RefusedError
from domain.operation.words import Status
from tests.procedure.moments import Moments, WatchedConnector, watch_appends
from tests.procedure.world import World
from tests.routers.face import Router

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

_SETUP = Setup(reboot_seconds=0.3, write_seconds=0.05, start_seconds=0.05)


@contextmanager
def a_world(directory: Path, router: Any) -> Iterator[World]:
    world = World(directory, cast("Router", router))
    try:
        yield world
    finally:
        world.close()


def test_a_cancel_at_any_moment_either_prevents_the_flash_or_is_refused(
    tmp_path: Path,
) -> None:
    """The cancel comes right before each append and each act."""
    with Fleet([_SETUP] * 80) as fleet:
        at, accepted = 0, 0
        while True:
            router, said = fleet.routers[at], list[str]()
            with a_world(tmp_path / str(at), router) as world:
                operation_id = world.start()
                plain_append = world.flashlog.log.append

                def cancel(
                    world: World = world,
                    operation_id: UUID = operation_id,
                    plain_append: Any = plain_append,
                    said: list[str] = said,
                ) -> None:
                    watched = world.flashlog.log.append
                    world.flashlog.log.append = plain_append  # type: ignore[method-assign]
                    try:
                        cancel_operation(world.flashlog, operation_id=operation_id)
                        said.append("accepted")
                    except RefusedError as refusal:
                        said.append(str(refusal))
                    finally:
                        world.flashlog.log.append = watched  # type: ignore[method-assign]

                moments = Moments(tmp_path / f"trail-{at}", at, cancel)
                world.flashlog.connector = WatchedConnector(
                    world.flashlog.connector, moments
                )
                watch_appends(world.flashlog, moments)
                operation = world.settle(operation_id)
                if not said:
                    break
                if said == ["accepted"]:
                    accepted += 1
                    assert operation.status is Status.CANCELLED
                    assert router.flashes == 0
                else:
                    assert "already" in said[0] or "ended" in said[0]
                    assert operation.status is Status.SUCCESS
                    assert router.flashes == 1
                assert not operation.owed
            at += 1
        assert accepted > 15
        assert at > accepted + 5


def test_two_runners_at_the_same_operation_flash_once(tmp_path: Path) -> None:
    with Fleet([_SETUP] * 5) as fleet, ThreadPoolExecutor(2) as pool:
        for number, router in enumerate(fleet.routers):
            with a_world(tmp_path / str(number), router) as world:
                operation_id = world.start()
                while not world.operation(operation_id).is_settled:
                    both = [
                        pool.submit(
                            advance, world.flashlog, operation_id, runner=f"runner-{n}"
                        )
                        for n in range(2)
                    ]
                    for one in both:
                        one.result(30)
                assert world.operation(operation_id).status is Status.SUCCESS
                assert router.flashes == 1


def test_two_starts_for_one_device_at_the_same_moment_leave_one(
    tmp_path: Path,
) -> None:
    with (
        Fleet([_SETUP]) as fleet,
        a_world(tmp_path, fleet.routers[0]) as world,
        ThreadPoolExecutor(8) as pool,
    ):
        started = [
            one.result(30) for one in [pool.submit(world.start) for _ in "12345678"]
        ]
        statuses = [world.operation(operation_id).status for operation_id in started]
        assert statuses.count(Status.IN_PROGRESS) == 1
        assert statuses.count(Status.ABORTED) == 7
        survivor = started[statuses.index(Status.IN_PROGRESS)]
        assert all(
            str(survivor) in world.last(other) for other in started if other != survivor
        )
