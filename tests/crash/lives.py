"""One case of the crash matrix: a life that is ended, and the one that goes on."""

import multiprocessing
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path as Directory
from uuid import UUID

import msgspec

from application.simulation.setup import SERVICES
from tests.contract.routers import real_router, simulated_router
from tests.crash.paths import Path
from tests.crash.victim import PATIENCE_SECONDS, live
from tests.procedure.world import World

# Lives are forked from a clean server: they inherit no socket of a router.
_LIVES = multiprocessing.get_context("forkserver")
_LIVES.set_forkserver_preload(["tests.crash.victim"])
_AT_ONCE = 3
# The server of forks saw a life's end, but not how it came.
_UNSEEN = 255


@dataclass(frozen=True)
class Outcome:
    """How a case ended; `wrong` is blank when it ended as it must."""

    path: str
    moment: str
    status: str
    flashes: int
    wrong: str


def crash_at_every_moment(path: Path, *, real: bool = False) -> list[Outcome]:
    """Kill at each moment of a path in turn, go on, and judge."""
    moments = moments_of(path, real=real)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        return list(
            pool.map(
                lambda at: crash(path, at, moments[at], real=real), range(len(moments))
            )
        )


def moments_of(path: Path, *, real: bool = False) -> list[str]:
    """Walk the path once without a crash and return its moments."""
    with a_world(path, real=real) as (world, trail):
        operation_id = world.start()
        code = run_life(world, operation_id, trail, cancel_after=path.cancel_after)
        assert code in {0, _UNSEEN}, world.story(operation_id)
        assert not judge(world, path, operation_id), world.story(operation_id)
        return trail.read_text().splitlines()


def crash(path: Path, at: int, moment: str, *, real: bool = False) -> Outcome:
    with a_world(path, real=real) as (world, trail):
        operation_id = world.start()
        code = run_life(world, operation_id, trail, at, cancel_after=path.cancel_after)
        died = code in {-signal.SIGKILL, _UNSEEN}
        after = trail.with_suffix(".after")
        again = run_life(world, operation_id, after, cancel_after=path.cancel_after)
        wrong = judge(world, path, operation_id)
        # Where nobody saw how it ended, what the log says must do.
        if again not in {0, _UNSEEN}:
            wrong = f"not settled within {PATIENCE_SECONDS:.0f} s ({again}): {wrong}"
        if not died and code != 0:
            wrong = f"the first life ended with {code}: {wrong}"
        if wrong:
            wrong += "\n" + world.story(operation_id)
        status = world.operation(operation_id).status
        return Outcome(path.name, moment, status, world.router.flashes, wrong)


def judge(world: World, path: Path, operation_id: UUID) -> str:
    """Say what is not as it must be after a path, crashed or not."""
    operation, router = world.operation(operation_id), world.router
    services = set(SERVICES)
    left = [name for name in router.files_in_tmp() if name.endswith(".bin")]
    wrong = {
        f"status {operation.status}": operation.status != path.status,
        f"{router.flashes} flashes": router.flashes != path.flashes,
        f"still owed: {sorted(operation.owed)}": bool(operation.owed),
        f"given up: {operation.given_up}": bool(operation.given_up),
        f"down: {services - router.services_running()}": not services
        <= router.services_running(),
        "Wi-Fi is down": not router.wifi_is_up(),
        f"left in /tmp: {left}": bool(left),
    }
    return ", ".join(what for what, is_wrong in wrong.items() if is_wrong)


def run_life(
    world: World,
    operation_id: UUID,
    trail: Directory,
    at: int | None = None,
    *,
    cancel_after: str = "-",
) -> int | None:
    """Live until the operation is settled or the moment of death; the exit code."""
    life = start_life(world, operation_id, trail, at, cancel_after=cancel_after)
    life.join(PATIENCE_SECONDS + 15)
    if life.exitcode is None:
        life.kill()
        life.join()
    return life.exitcode


def start_life(
    world: World,
    operation_id: UUID,
    trail: Directory,
    at: int | str | None = None,
    *,
    act: signal.Signals = signal.SIGKILL,
    cancel_after: str = "-",
) -> ForkServerProcess:
    # The other process cannot know which database its directory was given here.
    url = world.settings.database_url
    settings = msgspec.structs.replace(world.settings, database_url=url)
    life = _LIVES.Process(
        target=live,
        args=(settings, operation_id, str(trail), at, int(act), cancel_after),
        daemon=True,
    )
    life.start()
    return life


@contextmanager
def a_world(path: Path, *, real: bool = False) -> Iterator[tuple[World, Directory]]:
    """A fresh Flashlog and a fresh router with the faults of the path."""
    make_router = real_router if real else simulated_router
    with (
        tempfile.TemporaryDirectory(prefix="flashlog-crash-") as directory,
        make_router(*path.faults, reboot_seconds=0.5, write_seconds=0.1) as router,
    ):
        world = World(Directory(directory), router)
        try:
            yield world, Directory(directory) / "trail"
        finally:
            world.close()
