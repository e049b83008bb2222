"""Connect, log in by key, run `true`, close: ours, bare paramiko and OpenSSH.

All three in turns against the same servers. OpenSSH's figures include the start of its
program, which is what it costs to go to a router with it.
"""

import io
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import paramiko

from application.adapters.ssh.connector import FabricConnector
from application.ports import Limits
from tests.adapters.ssh.daemons import Daemon
from tests.adapters.ssh.given import at_loopback, by_key
from tests.benchmarks.row import Row, for_comparison
from tests.benchmarks.ssh_servers import both_servers

_REPETITIONS = 15
_LIMIT_SECONDS = 30


class _Cost(NamedTuple):
    milliseconds: float
    cpu_milliseconds: float


class _Bench:
    """Three ways to the same server with the same key."""

    def __init__(self, key: Path) -> None:
        self._key = key
        self._text = self._key.read_text()
        self._connector = FabricConnector()
        self._loaded = paramiko.Ed25519Key(file_obj=io.StringIO(self._text))

    def ours(self, daemon: Daemon) -> None:
        login = by_key(daemon.port, self._text, daemon.username)
        session = self._connector.open(at_loopback(login), Limits())
        try:
            done = session.execute("true", limit_seconds=_LIMIT_SECONDS)
        finally:
            session.close()
        _require(done.exit_status)

    def paramiko(self, daemon: Daemon) -> None:
        with paramiko.SSHClient() as client:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(
                "127.0.0.1",
                daemon.port,
                daemon.username,
                pkey=self._loaded,
                allow_agent=False,
                look_for_keys=False,
                timeout=_LIMIT_SECONDS,
            )
            _, output, _ = client.exec_command("true", timeout=_LIMIT_SECONDS)
            _require(output.channel.recv_exit_status())

    def openssh(self, daemon: Daemon) -> None:
        subprocess.run(
            [
                *("ssh", "-F", "none", "-i", self._key, "-p", str(daemon.port)),
                *("-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
                *("-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes"),
                *(f"{daemon.username}@127.0.0.1", "true"),
            ],
            stdin=subprocess.DEVNULL,
            check=True,
            timeout=_LIMIT_SECONDS,
        )


def measure() -> list[Row]:
    """Measure at both servers; raises RuntimeError where none can run."""
    with both_servers() as servers:
        bench = _Bench(servers.key)
        return [
            *_rows(bench, servers.dropbear, "dropbear"),
            *_rows(bench, servers.sshd, "sshd"),
        ]


def _rows(bench: _Bench, daemon: Daemon, name: str) -> Iterator[Row]:
    ways = (bench.ours, bench.paramiko, bench.openssh)
    for way in ways:  # what is loaded once is not counted
        way(daemon)
    costs: list[list[_Cost]] = [[] for _ in ways]
    for _ in range(_REPETITIONS):
        for way, seen in zip(ways, costs, strict=True):
            seen.append(_cost(way, daemon))
    ours, *others = map(_median, costs)
    for other, whose in zip(others, ("paramiko", "OpenSSH"), strict=True):
        title = f"connection set-up, {name}, against {whose}"
        yield for_comparison(
            f"{title}: time", ours.milliseconds, "ms", other.milliseconds
        )
        yield for_comparison(
            f"{title}: CPU", ours.cpu_milliseconds, "ms", other.cpu_milliseconds
        )


def _cost(way: Callable[[Daemon], None], daemon: Daemon) -> _Cost:
    begun, cpu_begun = time.perf_counter(), _cpu_seconds()
    way(daemon)
    seconds, cpu_seconds = time.perf_counter() - begun, _cpu_seconds() - cpu_begun
    return _Cost(seconds * 1000, cpu_seconds * 1000)


def _cpu_seconds() -> float:
    """Return what this process and the programs that it has run have used."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _median(costs: list[_Cost]) -> _Cost:
    return _Cost(*map(statistics.median, zip(*costs, strict=True)))


def _require(exit_status: int | None) -> None:
    if exit_status != 0:
        raise AssertionError("the command did not run")
