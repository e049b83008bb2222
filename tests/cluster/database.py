"""The PostgreSQL of a cluster: it loses nothing that it acknowledged, and is killed."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from random import Random
from typing import Self

from tests.postgres import Server, tell, url_of
from tests.web.serving import children_of

# As an operator runs it: what is committed is on the disk.
_DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "wal_level": "replica",
    "shared_buffers": "128MB",
    "autovacuum_naptime": "15s",
}
_LIMIT_SECONDS = 30.0
_PAUSE_SECONDS = 0.05


class Database:
    """Entered, the server runs, in a directory that is gone in the end."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="flashlog-pg-", dir="/tmp"))
        # Its programs do not run as root, and must come in.
        self.directory.chmod(0o755)
        self._server = Server(self.directory, _DURABLE)

    def __enter__(self) -> Self:
        try:
            self._server.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._server.stop()
        shutil.rmtree(self.directory, ignore_errors=True)

    def made(self, name: str) -> str:
        """Return the URL of a new database."""
        tell(str(self.directory), f"CREATE DATABASE {name}")
        return url_of(str(self.directory), name)

    def start(self) -> None:
        self._server.start()

    def end(self) -> None:
        """Stop in order, all connections cut."""
        self._server.stop(how=signal.SIGINT)

    def troubles(self) -> dict[str, Callable[[Random], None]]:
        """What may befall the server; where it is down after it, `start` is next."""
        return {
            "database, stopped at once": lambda _: self._server.stop(),
            "database": lambda _: self._kill(),
            "session of the database": self._kill_a_session,
        }

    def _kill(self) -> None:
        """Kill it, and wait for those that it leaves behind: so must an operator."""
        left = self._processes()
        self._server.stop(how=signal.SIGKILL)
        deadline = time.monotonic() + _LIMIT_SECONDS
        while any(Path(f"/proc/{pid}").exists() for pid in left):
            assert time.monotonic() < deadline, "sessions outlive their server"
            time.sleep(_PAUSE_SECONDS)

    def _kill_a_session(self, chance: Random) -> None:
        """The server ends all others, too, and starts again by itself."""
        with suppress(ProcessLookupError):
            os.kill(chance.choice(self._processes()), signal.SIGKILL)

    def _processes(self) -> Sequence[int]:
        return children_of(self._server.pid)


@contextmanager
def databases(*, on_postgres: bool) -> Iterator[Callable[[str], str]]:
    """Give the URL of a new database by its name; blank, for SQLite, unless wanted."""
    if not on_postgres:
        yield lambda _: ""
        return
    with Database() as database:
        yield database.made
