"""Ten thousand routers that were flashed and reboot: what their waiting costs."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from application.flashlog import Flashlog
from application.settings import Settings
from tests.benchmarks.generated import write_flashing
from tests.benchmarks.processes import memory_mb, sockets, threads
from tests.benchmarks.row import Row, at_most
from tests.benchmarks.size import size
from tests.web.serving import Service, serving

_OPERATIONS = size(10_000, quick=500)
# The runner has come to rest by then, and looked at what is due several times.
_REST_SECONDS = size(8.0, quick=2.0)
_LOOKS = 5


def measure() -> list[Row]:
    """Compare a service that has nothing to do with one whose routers are away."""
    idle = _measured(0)
    waiting = _measured(_OPERATIONS)
    return list(_rows(idle, waiting))


def _rows(
    idle: tuple[float, int, int], waiting: tuple[float, int, int]
) -> Iterator[Row]:
    name = f"{_OPERATIONS:,} routers in reboot"
    memory, threads, sockets = (
        after - before for before, after in zip(idle, waiting, strict=True)
    )
    yield at_most(f"{name}: memory beyond idle", memory, "MB", 50)
    yield at_most(f"{name}: threads beyond idle", threads, "", 0)
    yield at_most(f"{name}: sockets beyond idle", sockets, "", 0)


def _measured(operations: int) -> tuple[float, int, int]:
    """Return memory in MB, threads and sockets of all processes of a service."""
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        settings = Settings(
            data_dir=Path(name), bind="127.0.0.1:0", log_level="WARNING"
        )
        with closing(Flashlog(settings)) as flashlog:
            if operations:
                write_flashing(flashlog, operations=operations)
            flashlog.projector.catch_up()
        with serving(settings) as service:
            time.sleep(_REST_SECONDS)
            return _cost(service)


def _cost(service: Service) -> tuple[float, int, int]:
    looks = [_look(service) for _ in range(_LOOKS)]
    memory, threads, sockets = zip(*looks, strict=True)
    return statistics.median(memory), min(threads), min(sockets)


def _look(service: Service) -> tuple[float, int, int]:
    time.sleep(0.2)
    return memory_mb(service), threads(service), sockets(service)
