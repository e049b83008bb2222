"""Uploads of 16 MiB to real servers, next to `ssh host 'cat > file'` in the same run.

On a link without delay both sides count from the first packet to the closed connection.
Behind the delay proxy the upload alone counts: there the question is what the channels
make of the router's window.
"""

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from application.adapters.ssh.connector import FabricConnector
from application.ports import Limits, Session
from application.procedure.width import channels_for
from tests.adapters.ssh.daemons import Daemon
from tests.adapters.ssh.given import (
    MemoryImage,
    at_loopback,
    by_key,
    dd_to,
    sha256_of,
)
from tests.adapters.ssh.link import link_to
from tests.benchmarks.row import Row, at_least, at_most, for_comparison
from tests.benchmarks.size import size
from tests.benchmarks.ssh_servers import both_servers

_IMAGE_BYTES = size(16 << 20, quick=4 << 20)
_REPETITIONS = size(9, quick=1)
_REPETITIONS_FAR = size(3, quick=1)
_FAR_SECONDS = 0.05
_CHANNELS_MAX = 8
_LIMIT_SECONDS = 120


class _Sent(NamedTuple):
    seconds: float
    cpu_seconds: float


class _Bench:
    """Our upload and OpenSSH's, of the same image to the same file."""

    def __init__(self, folder: Path, key: Path) -> None:
        self._image = MemoryImage(_IMAGE_BYTES)
        self._source = folder / "image"
        self._source.write_bytes(self._image.read(0, _IMAGE_BYTES))
        self._target = folder / "received"
        self._key = key
        self._connector = FabricConnector()

    def ours(self, port: int, username: str) -> _Sent:
        """Connect, upload, close."""
        begun, cpu_begun = time.monotonic(), time.process_time()
        session = self._session(port, username)
        self._upload(session, channels_for(session.round_trip_seconds, _CHANNELS_MAX))
        session.close()
        sent = _Sent(time.monotonic() - begun, time.process_time() - cpu_begun)
        self._check()
        return sent

    def ours_alone(self, port: int, username: str, channels: int) -> _Sent:
        """Upload over a connection that is open."""
        session = self._session(port, username)
        begun, cpu_begun = time.monotonic(), time.process_time()
        self._upload(session, channels)
        sent = _Sent(time.monotonic() - begun, time.process_time() - cpu_begun)
        session.close()
        self._check()
        return sent

    def theirs(self, port: int, username: str, *options: str) -> _Sent:
        """Run `ssh host 'cat > file'`."""
        begun = time.monotonic()
        with self._source.open("rb") as source:
            subprocess.run(
                [
                    *("ssh", "-F", "none", "-i", self._key, "-p", str(port)),
                    *("-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
                    *("-o", "UserKnownHostsFile=/dev/null", *options),
                    *(f"{username}@127.0.0.1", f"cat > '{self._target}'"),
                ],
                stdin=source,
                check=True,
                timeout=_LIMIT_SECONDS,
            )
        sent = _Sent(time.monotonic() - begun, 0.0)
        self._check()
        return sent

    def _session(self, port: int, username: str) -> Session:
        login = by_key(port, self._key.read_text(), username)
        return self._connector.open(at_loopback(login), Limits())

    def _upload(self, session: Session, channels: int) -> None:
        session.upload(
            self._image,
            self._image.spans(channels),
            command_for=dd_to(self._target),
            channels=channels,
            stall_seconds=_LIMIT_SECONDS,
            bytes_per_second_max=None,
            on_progress=lambda _: None,
        )

    def _check(self) -> None:
        if sha256_of(self._target) != self._image.sha256:
            raise AssertionError("the file that arrived is not the image")
        self._target.unlink()


def measure() -> list[Row]:
    """Measure all uploads; raises RuntimeError where no server can run."""
    with both_servers() as servers:
        bench = _Bench(servers.folder, servers.key)
        return [
            *_near(bench, servers.dropbear, "dropbear", 0.65),
            *_near(bench, servers.sshd, "sshd", 1.2),
            *_far(bench, servers.dropbear, servers.sshd),
        ]


def _near(bench: _Bench, daemon: Daemon, name: str, reach: float) -> Iterator[Row]:
    """Measure with no delay: the whole, and the same cipher on both sides."""
    where = daemon.port, daemon.username
    ours, theirs, same = _interleaved(
        _REPETITIONS,
        lambda: bench.ours(*where),
        lambda: bench.theirs(*where),
        lambda: bench.theirs(*where, "-c", "aes128-ctr"),
    )
    speed = _speed(ours)
    yield at_least(f"upload to {name}", speed, "MB/s", reach, _speed(theirs))
    if name == "dropbear":
        title = "upload to dropbear, same cipher"
        yield at_least(title, speed, "MB/s", 0.9, _speed(same))
        channels = channels_for(0.0, _CHANNELS_MAX)
        alone = [bench.ours_alone(*where, channels) for _ in range(_REPETITIONS)]
        cpu_seconds = statistics.median(sent.cpu_seconds for sent in alone)
        per_100_mb = cpu_seconds * 100e6 / _IMAGE_BYTES
        yield at_most("client CPU per 100 MB to dropbear", per_100_mb, "s", 0.65)


def _far(bench: _Bench, dropbear: Daemon, sshd: Daemon) -> Iterator[Row]:
    """Measure at 50 ms of round-trip time."""
    with link_to(dropbear.port, _FAR_SECONDS) as link:
        where = link.port, dropbear.username
        peer = _speed([bench.theirs(*where)])
        for channels, reach in ((8, 3.5), (16, 6.0)):
            sent = [bench.ours_alone(*where, channels) for _ in range(_REPETITIONS_FAR)]
            name = f"upload to dropbear at 50 ms, {channels} channels"
            yield at_least(name, _speed(sent), "MB/s", reach)
        yield for_comparison("ssh cat to dropbear at 50 ms", peer, "MB/s")
    with link_to(sshd.port, _FAR_SECONDS) as link:
        where = link.port, sshd.username
        ours, theirs = _interleaved(
            _REPETITIONS_FAR, lambda: bench.ours(*where), lambda: bench.theirs(*where)
        )
        name = "upload to sshd at 50 ms, with connecting"
        yield for_comparison(name, _speed(ours), "MB/s", _speed(theirs))


def _interleaved(count: int, *runs: Callable[[], _Sent]) -> list[list[_Sent]]:
    """Take turns, so that a machine that slows down slows all of them."""
    results: list[list[_Sent]] = [[] for _ in runs]
    for _ in range(count):
        for run, result in zip(runs, results, strict=True):
            result.append(run())
    return results


def _speed(sent: list[_Sent]) -> float:
    """Return MB/s of the median."""
    return _IMAGE_BYTES / 1e6 / statistics.median(each.seconds for each in sent)
