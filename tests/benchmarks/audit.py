"""Verifying a log of a million events: how long, and with how much memory."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter

from application.adapters.sqlite.log import SQLiteLog
from application.flashlog import Flashlog
from application.sealing import seal
from application.settings import Settings, environment_of
from tests.benchmarks.generated import Row as LogRow
from tests.benchmarks.generated import write_rows
from tests.benchmarks.row import Row, at_most
from tests.benchmarks.size import size

_EVENTS = size(1_000_000, quick=20_000)
_STORY = 25
_STATE = (
    b'{"attempt":1,"visit":3,"path":"/tmp/flashlog/upload","bytes":%d,"sha256":'
    b'"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",'
    b'"at":"2026-05-01T12:00:00.000000Z","runner":"runner-1-0123456789abcdef"}'
)


def measure() -> list[Row]:
    """Sign a log in one go, then verify it as a person does."""
    with tempfile.TemporaryDirectory() as name:
        settings = Settings(data_dir=Path(name))
        SQLiteLog(settings.data_dir / "log.sqlite").close()
        write_rows(settings.data_dir / "log.sqlite", _rows())
        with closing(Flashlog(settings)) as flashlog:
            begun = perf_counter()
            seal(flashlog)
            sealed = perf_counter() - begun
        seconds, megabytes = _verify(settings)
    return [
        at_most(f"sign a log of {_EVENTS:,} events", sealed, "s", 40),
        at_most(f"verify a log of {_EVENTS:,} events", seconds, "s", 30),
        at_most(f"memory for verifying {_EVENTS:,} events", megabytes, "MB", 100),
    ]


def _rows() -> Iterator[LogRow]:
    for position in range(1, _EVENTS + 1):
        story, version = divmod(position - 1, _STORY)
        yield LogRow(
            position,
            story.to_bytes(16),
            version + 1,
            "UpgradeOperation:UploadAdvanced",
            _STATE % position,
            1_750_000_000_000_000 + position,
        )


def _verify(settings: Settings) -> tuple[float, float]:
    """Return the seconds that it took, and the most memory that it held."""
    begun = perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "audit", "verify"],
        env={**os.environ, **environment_of(settings)},
        stdout=subprocess.DEVNULL,
    )
    _, status, usage = os.wait4(process.pid, 0)
    seconds = perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return seconds, usage.ru_maxrss / 1024
