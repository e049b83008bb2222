"""A primary and a standby, as two machines would be."""

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import psycopg

from tests.adapters.databases import soon
from tests.postgres import Server, Standby, tell, url_of

_STREAMING = {
    "wal_level": "replica",
    "max_wal_senders": "4",
    "max_connections": "200",
}


class Pair:
    """`url` names both servers; whoever can be written to is the one.

    With `is_synchronous` nothing is acknowledged that the standby has not kept.
    """

    def __init__(self, directory: Path, *, is_synchronous: bool) -> None:
        self._places = [directory / name for name in ("primary", "standby")]
        for each in self._places:
            each.mkdir(mode=0o755)
        waits = {"synchronous_standby_names": "*"} if is_synchronous else {}
        self.primary = Server(self._places[0], _STREAMING | waits)
        self.primary.start()
        self.standby = Standby(self._places[1], self.primary, _STREAMING)
        self.standby.start()

    def made(self, name: str) -> str:
        """Make a database; returns the URL with both hosts."""
        tell(str(self.primary.directory), f"CREATE DATABASE {name}")
        hosts = ",".join(map(str, self._places))
        return f"postgresql://postgres@/{name}?host={hosts}&connect_timeout=2"

    def wait_until_kept(self) -> None:
        """Wait until the standby has all that was written so far."""
        with psycopg.connect(url_of(str(self.primary.directory), "postgres")) as asked:
            (written,) = asked.execute(
                "SELECT pg_current_wal_insert_lsn()"
            ).fetchone() or [""]

            def has_it() -> bool:
                found = asked.execute(
                    "SELECT flush_lsn >= %s FROM pg_stat_replication", [written]
                ).fetchone()
                return found == (True,)

            assert soon(has_it)

    def lose_primary(self) -> None:
        """Kill all of it at once, as a machine goes that loses its power."""
        left = self.primary.processes()
        for each in left:
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        self.primary.stop(how=signal.SIGKILL)
        assert soon(lambda: not any(Path(f"/proc/{each}").exists() for each in left))

    def close(self) -> None:
        self.standby.stop()
        self.primary.stop()


@contextmanager
def paired(*, is_synchronous: bool) -> Iterator[Pair]:
    with ExitStack() as stack:
        directory = Path(tempfile.mkdtemp(prefix="flashlog-pg-", dir="/tmp"))
        stack.callback(shutil.rmtree, directory, ignore_errors=True)
        directory.chmod(0o755)
        pair = Pair(directory, is_synchronous=is_synchronous)
        stack.callback(pair.close)
        yield pair
