"""kill -9 at every moment of every path: one flash at most, nothing owed, an end."""

import os
import signal

import pytest

from tests.crash.lives import (
    a_world,
    crash_at_every_moment,
    judge,
    run_life,
    start_life,
)
from tests.crash.paths import PATHS, Path
from tests.procedure.world import eventually

pytestmark = [pytest.mark.process, pytest.mark.timeout(500)]


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.name)
def test_a_killed_runner_is_taken_up_wherever_it_died(path: Path) -> None:
    outcomes = crash_at_every_moment(path)
    assert len(outcomes) > 20
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    assert not wrong, "\n\n".join(f"{w.moment}: {w.wrong}" for w in wrong)


def test_a_runner_frozen_before_the_flash_and_thawed_later_does_not_flash_again() -> (
    None
):
    path = PATHS[0]
    with a_world(path) as (world, trail):
        operation_id = world.start()
        frozen = start_life(
            world, operation_id, trail, "before flash", act=signal.SIGSTOP
        )
        eventually(lambda: trail.exists() and "before flash\n" in trail.read_text())
        assert run_life(world, operation_id, trail.with_suffix(".other")) == 0
        assert not judge(world, path, operation_id)
        assert frozen.pid is not None
        os.kill(frozen.pid, signal.SIGCONT)
        frozen.join(30)
        assert not judge(world, path, operation_id), world.story(operation_id)
