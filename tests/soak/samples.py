"""How much the processes of an installation take, and what lies on its disk."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from statistics import median

import msgspec

from tests.web.serving import Service, children_of

_KIB, _MIB = 1 << 10, 1 << 20
# What may be taken more at the end of the day than in its first third.
_MEMORY_GROWTH_MIB, _MEMORY_GROWTH_SHARE = 8.0, 0.08
_THREADS_GROWTH, _FILES_GROWTH = 2, 4
_WAL_MAX_MIB = 16.0


class Sample(msgspec.Struct, frozen=True):
    """One process at one moment."""

    memory_mib: float
    threads: int
    files: int


class Moment(msgspec.Struct, frozen=True):
    """All processes by name, and the write-ahead logs by file, in MiB."""

    hour: float
    processes: dict[str, Sample]
    wal_mib: dict[str, float]


def look(service: Service, data_dir: Path, hour: float) -> Moment:
    parts = service.children()
    pids = {"supervisor": service.process.pid, **parts}
    pids["web worker"] = children_of(parts["web"])[0]
    return Moment(
        hour,
        {name: _sample(pid) for name, pid in sorted(pids.items())},
        {
            path.name: path.stat().st_size / _MIB
            for path in sorted(data_dir.glob("*-wal"))
        },
    )


def _sample(pid: int) -> Sample:
    told = dict(
        line.split(":", 1)
        for line in Path(f"/proc/{pid}/status").read_text().splitlines()
    )
    return Sample(
        memory_mib=int(told["VmRSS"].split()[0]) * _KIB / _MIB,
        threads=int(told["Threads"]),
        files=len(list(Path(f"/proc/{pid}/fd").iterdir())),
    )


class Course(msgspec.Struct, frozen=True, kw_only=True):
    """One process over the day, in the first and the second half after warming up.

    `memory_growth_mib` is what the line through all these moments gains.
    """

    name: str
    memory_first_mib: float
    memory_last_mib: float
    memory_growth_mib: float
    threads_first: int
    threads_last: int
    files_first: int
    files_last: int

    @property
    def wrong(self) -> list[str]:
        bound = max(_MEMORY_GROWTH_MIB, _MEMORY_GROWTH_SHARE * self.memory_first_mib)
        found = {
            f"memory grew by {self.memory_growth_mib:.1f} MiB": (
                self.memory_growth_mib > bound
            ),
            f"threads grew from {self.threads_first} to {self.threads_last}": (
                self.threads_last > self.threads_first + _THREADS_GROWTH
            ),
            f"open files grew from {self.files_first} to {self.files_last}": (
                self.files_last > self.files_first + _FILES_GROWTH
            ),
        }
        return [f"{self.name}: {what}" for what, is_wrong in found.items() if is_wrong]


def course(name: str, moments: Sequence[Moment]) -> Course:
    """Tell of one process; the first third of the day is for warming up."""
    rest = moments[len(moments) // 3 :]
    half = len(rest) // 2
    samples = [each.processes[name] for each in rest]
    # What a process needs for a moment (128 MiB for a password) is no growth: of each
    # hour counts the least.
    least: dict[int, float] = {}
    for each in rest:
        taken = each.processes[name].memory_mib
        least[int(each.hour)] = min(least.get(int(each.hour), taken), taken)
    memory = list(least.values())
    # The median of all slopes: a few hours with a peak do not tilt the line.
    slope = median(
        (least[later] - least[earlier]) / (later - earlier)
        for earlier, later in combinations(least, 2)
    )
    return Course(
        name=name,
        memory_first_mib=median(memory[: len(memory) // 2]),
        memory_last_mib=median(memory[len(memory) // 2 :]),
        memory_growth_mib=slope * (max(least) - min(least)),
        threads_first=round(median(each.threads for each in samples[:half])),
        threads_last=round(median(each.threads for each in samples[half:])),
        files_first=round(median(each.files for each in samples[:half])),
        files_last=round(median(each.files for each in samples[half:])),
    )


def wal_most(moments: Sequence[Moment]) -> dict[str, float]:
    """Return the largest that each write-ahead log was, in MiB."""
    names = {name for each in moments for name in each.wal_mib}
    return {
        name: max(each.wal_mib.get(name, 0.0) for each in moments)
        for name in sorted(names)
    }


def too_long(most: dict[str, float]) -> list[str]:
    return [
        f"{name} was {size:.1f} MiB long"
        for name, size in most.items()
        if size > _WAL_MAX_MIB
    ]
