"""A real PostgreSQL for tests: one server for a test run, a database for each test.

The first test that asks starts it, whichever worker that is; it ends with the run,
however that ends. Nothing is kept: it writes without fsync into a directory of its own.
"""

import fcntl
import os
import pwd
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest

ROOT = Path(__file__).parents[1]
_START_SECONDS_MAX = 60
# Databases of this worker that are empty again.
_emptied: list[str] = []
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{}'"
_EMPTY = """
DO $$
DECLARE name text;
BEGIN
  FOR name IN SELECT nspname FROM pg_namespace WHERE nspname LIKE 'flashlog%' LOOP
    EXECUTE format('DROP SCHEMA %I CASCADE', name);
  END LOOP;
END $$
"""
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "600",
    "shared_buffers": "64MB",
    "autovacuum_naptime": "60s",
    "log_min_messages": "fatal",
}


@cache
def programs() -> Path | None:
    """Return the directory of the server's programs, or None."""
    on_path = shutil.which("postgres")
    found = [Path(on_path).resolve().parent] if on_path else []
    found += sorted(
        Path("/usr/lib/postgresql").glob("*/bin"),
        key=lambda path: int(path.parent.name),
        reverse=True,
    )
    return next((each for each in found if (each / "pg_isready").exists()), None)


@pytest.fixture(scope="session")
def postgres_server(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> str:
    """The directory of the run's server: its socket is there."""
    if programs() is None:
        pytest.skip("needs PostgreSQL's server (make test-tools)")
    is_worker = hasattr(request.config, "workerinput")
    shared = tmp_path_factory.getbasetemp()
    shared = shared.parent if is_worker else shared
    run = os.getppid() if is_worker else os.getpid()
    return made_once(shared / "postgres-server", lambda: start(run))


def made_once(note: Path, make: Callable[[], str]) -> str:
    """Return what the first of all workers has made and noted."""
    with note.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not note.exists():
            note.write_text(make())
    return note.read_text()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of an empty database."""
    with empty_database(postgres_server) as url:
        yield url


@contextmanager
def empty_database(server: str) -> Iterator[str]:
    """Lend an empty database; its URL is the block's."""
    if _emptied:
        name = _emptied.pop()
    else:
        name = f"test_{uuid4().hex}"
        create(server, name)
    yield url_of(server, name)
    tell(server, CUT.format(name))
    tell(server, _EMPTY, database=name)
    _emptied.append(name)


def url_of(server: str, database: str) -> str:
    return f"postgresql://postgres@/{database}?host={server}"


def tell(server: str, statement: str, *, database: str = "postgres") -> None:
    import psycopg

    with psycopg.connect(url_of(server, database), autocommit=True) as connection:
        connection.execute(statement.encode())


def create(server: str, name: str, *, template: str = "template1") -> None:
    """Make a database; a copy of files is the quickest without fsync."""
    tell(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY = FILE_COPY")


def dumped(url: str) -> bytes:
    """All that is in a database, as text, and bytes as they are."""
    found = programs()
    assert found
    done = subprocess.run([found / "pg_dump", url], check=True, capture_output=True)
    return re.sub(
        rb"\\\\x((?:[0-9a-f]{2})+)",
        lambda match: bytes.fromhex(match[1].decode()),
        done.stdout,
    )


def start(run: int) -> str:
    """Start a server that ends with the process `run`; returns its directory."""
    guard = subprocess.Popen(
        [sys.executable, "-m", "tests.postgres", str(run)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert guard.stdout
    assert guard.stderr
    line = guard.stdout.readline().strip()
    assert line.startswith("ready "), line + guard.stderr.read()
    # It goes on by itself: nobody here waits for it.
    guard.returncode = 0
    guard.stdout.close()
    guard.stderr.close()
    return line.removeprefix("ready ")


def _as_nobody() -> tuple[list[str], str | None]:
    """What a command begins with so that it is not run as root, and the user's name."""
    if os.geteuid() != 0:
        return [], None
    names = {each.pw_name for each in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    group = pwd.getpwnam(user).pw_gid
    become = ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups"]
    return become, user


class Server:
    """A server on a directory of its own, run as somebody who is not root."""

    def __init__(self, directory: Path, settings: dict[str, str] | None = None) -> None:
        self.directory = directory
        self._settings = _SETTINGS | (settings or {})
        self._process: subprocess.Popen[bytes] | None = None
        self._become, user = _as_nobody()
        found = programs()
        assert found
        self._programs = found
        if user:
            shutil.chown(directory, user)
        self._fill()

    def start(self) -> None:
        settings = self._settings | {"unix_socket_directories": str(self.directory)}
        with (self.directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *self._become,
                    str(self._programs / "postgres"),
                    *("-D", str(self.directory / "data")),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                cwd=self.directory,
            )
        deadline = time.monotonic() + _START_SECONDS_MAX
        asked = [str(self._programs / "pg_isready"), "-qh", str(self.directory)]
        while subprocess.run(asked, check=False).returncode:
            assert time.monotonic() < deadline, "PostgreSQL did not start"
            assert self._process.poll() is None, (self.directory / "log").read_text()
            time.sleep(0.02)

    @property
    def pid(self) -> int:
        assert self._process
        return self._process.pid

    def processes(self) -> list[int]:
        """Return the server's process and those that it has started."""
        assert self._process
        first = self._process.pid
        children = Path(f"/proc/{first}/task/{first}/children").read_text()
        return [first, *map(int, children.split())]

    def send(self, number: int) -> None:
        assert self._process
        self._process.send_signal(number)

    def stop(self, *, how: int = signal.SIGQUIT) -> None:
        """Stop at once, as a crash does; SIGINT: in order, all connections cut."""
        if self._process:
            self._process.send_signal(how)
            self._process.wait(_START_SECONDS_MAX)
            self._process = None

    def _fill(self) -> None:
        """Make what is in its directory before it is started."""
        self._run(
            *("initdb", "-D", self.directory / "data", "-U", "postgres", "-N"),
            *("-A", "trust", "-E", "UTF8", "--locale=C"),
        )

    def _run(self, program: str, *words: object) -> None:
        done = subprocess.run(
            [*self._become, str(self._programs / program), *map(str, words)],
            cwd=self.directory,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


class Standby(Server):
    """Takes over what another one writes, until it is told to be the primary."""

    def __init__(
        self, directory: Path, primary: Server, settings: dict[str, str] | None = None
    ) -> None:
        self._primary = primary
        super().__init__(directory, settings)

    def promote(self) -> None:
        tell(str(self.directory), "SELECT pg_promote()")

    def _fill(self) -> None:
        self._run(
            *("pg_basebackup", "-h", self._primary.directory, "-U", "postgres"),
            *("-D", self.directory / "data", "--write-recovery-conf"),
            "--checkpoint=fast",
        )


def _guard(run: int) -> None:
    """Keep a server up for as long as a process lives."""
    directory = Path(tempfile.mkdtemp(prefix="flashlog-pg-", dir="/tmp"))
    directory.chmod(0o755)
    server = Server(directory)
    try:
        server.start()
        print("ready", directory, flush=True)
        null = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):  # who started it does not wait for the end of them
            os.dup2(null, stream)
        select.select([os.pidfd_open(run)], [], [])
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    _guard(int(sys.argv[1]))
