"""What the processes of a service use."""

import os
from collections.abc import Iterator
from pathlib import Path

from tests.web.serving import Service, children_of

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds(service: Service) -> float:
    """Return what all of them have used since the start."""
    return sum(map(_cpu_seconds, _processes(service)))


def cpu_seconds_by_part(service: Service) -> dict[str, float]:
    """Return what each part has used, and the simulated routers beside the service."""
    parts = {
        name: sum(map(_cpu_seconds, _with_children(pid)))
        for name, pid in service.children().items()
    }
    return {**parts, "routers": sum(map(_cpu_seconds, _simulated()))}


def memory_mb(service: Service) -> float:
    """Return what all of them hold for themselves."""
    return sum(map(_memory_mb, _processes(service)))


def web_memory_mb(service: Service) -> float:
    """Return what the web server and its worker hold for themselves."""
    return sum(map(_memory_mb, _with_children(service.children()["web"])))


def threads(service: Service) -> int:
    return sum(
        len(list(Path(f"/proc/{pid}/task").iterdir())) for pid in _processes(service)
    )


def sockets(service: Service) -> int:
    return sum(
        str(each.readlink()).startswith("socket:")
        for pid in _processes(service)
        for each in Path(f"/proc/{pid}/fd").iterdir()
    )


def _simulated() -> Iterator[int]:
    """Return who plays routers for this benchmark."""
    for pid in children_of(os.getpid()):
        if b"tests.benchmarks.routers" in Path(f"/proc/{pid}/cmdline").read_bytes():
            yield pid


def _processes(service: Service) -> Iterator[int]:
    yield from _with_children(service.process.pid)


def _with_children(pid: int) -> Iterator[int]:
    yield pid
    for child in children_of(pid):
        yield from _with_children(child)


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def _memory_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (each for each in status if each.startswith("RssAnon"))
    return float(line.split()[1]) / 1024
