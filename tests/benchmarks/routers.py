"""Simulated routers in a process of their own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import msgspec

from application.simulation import Fleet
from application.simulation.router import Listing

_OFFLINE_SECONDS = 10.0
_LIMIT_SECONDS = 20


@contextmanager
def routers(
    count: int, offline_seconds: float = _OFFLINE_SECONDS
) -> Iterator[Sequence[Listing]]:
    """Let routers answer that are offline for a while when they are flashed."""
    arguments = [str(count), str(offline_seconds)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.routers", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            yield msgspec.json.decode(line, type=tuple[Listing, ...])
        finally:
            process.stdin.close()
            try:
                process.wait(_LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()


def _main(count: int, offline_seconds: float) -> None:
    with Fleet.of(count, reboot_seconds=offline_seconds) as fleet:
        sys.stdout.buffer.write(msgspec.json.encode(fleet.listing()) + b"\n")
        sys.stdout.buffer.flush()
        sys.stdin.buffer.read()


if __name__ == "__main__":
    _main(int(sys.argv[1]), float(sys.argv[2]))
