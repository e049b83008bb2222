"""`flashlog runner` as a person starts it, killed and started again by the log."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as Directory
from uuid import UUID

import pytest

from application.settings import environment_of
from tests.crash.lives import a_world, judge
from tests.crash.paths import PATHS
from tests.procedure.world import World, eventually

pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

_ROOT = Directory(__file__).parents[2]
_BY_NAME = {path.name: path for path in PATHS}
_PATIENCE_SECONDS = 30.0


@contextmanager
def runner_of(world: World) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command until the block ends; it is killed where it still lives."""
    with subprocess.Popen(
        [sys.executable, "-m", "web.cli", "runner"],
        cwd=_ROOT,
        env=os.environ | environment_of(world.settings),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def wait_for(event: str, world: World, operation_id: UUID) -> None:
    """Wait for an event, or an end that came without it.

    Who starts late may find the router back already, and its connection never lost.
    """
    eventually(
        lambda: (
            event in world.names(operation_id)
            or world.operation(operation_id).is_settled
        ),
        limit_seconds=_PATIENCE_SECONDS,
        why=f"{event} never came",
    )


@pytest.mark.parametrize(
    ("name", "events"),
    [
        (
            "low memory",
            ("ServicesStopBegun", "Uploaded", "FlashBegun", "ConnectionLost"),
        ),
        ("abort", ("ServicesStopped", "UploadBegun", "Uploaded")),
    ],
)
def test_a_runner_killed_again_and_again_leaves_an_end_and_no_debt(
    name: str, events: tuple[str, ...]
) -> None:
    path = _BY_NAME[name]
    with a_world(path) as (world, _):
        operation_id = world.start()
        for event in events:
            with runner_of(world) as process:
                wait_for(event, world, operation_id)
                process.kill()
                assert process.wait(60) == -signal.SIGKILL
        with runner_of(world) as process:
            eventually(
                lambda: world.operation(operation_id).is_settled,
                limit_seconds=_PATIENCE_SECONDS,
                why="it was never settled",
            )
            eventually(world.flashlog.is_worked, limit_seconds=_PATIENCE_SECONDS)
            process.terminate()
            assert process.wait(60) == 0
        assert world.names(operation_id).count("VisitBegun") > 1
        assert not judge(world, path, operation_id), world.story(operation_id)


def test_a_runner_that_stands_alone_makes_read_models_and_finds_its_work() -> None:
    path = _BY_NAME["happy"]
    with a_world(path) as (world, _):
        world.flashlog.projector.drop()
        with world.flashlog.alone("projector"):
            operation_id = world.start()
        with runner_of(world):
            eventually(
                lambda: world.operation(operation_id).is_settled,
                limit_seconds=_PATIENCE_SECONDS,
                why="nobody visited the router",
            )
            assert world.flashlog.is_worked()
            assert not world.flashlog.is_served()
            end = world.flashlog.log.end()
            eventually(lambda: world.flashlog.views.position() == end)
        assert not judge(world, path, operation_id), world.story(operation_id)
