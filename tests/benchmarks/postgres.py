"""The log and its projections on PostgreSQL, next to raw inserts into the same server.

The server is one as an operator runs it: every commit is on the disk when it is
answered.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from threading import Event
from uuid import uuid4

from application.flashlog import Flashlog
from application.settings import Settings
from tests.adapters.logs import PostgresPlace
from tests.benchmarks.appending import RAW_INSERT, RAW_TABLE, appended_by
from tests.benchmarks.row import Row, at_least, at_most, for_comparison
from tests.benchmarks.size import size
from tests.benchmarks.storage import append_rows, projection_rows
from tests.postgres import Server, programs, tell, url_of

_PROCESSES = 16
_SECONDS = size(4.0, quick=1.0)
_AS_OPERATED = {
    "fsync": "on",
    "full_page_writes": "on",
    "wal_level": "replica",
    "max_wal_senders": "10",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
}


def measure() -> list[Row]:
    """Append alone and among many, then project."""
    if programs() is None:
        print("no row of PostgreSQL: its server is not installed (make test-tools)")
        return []
    with server() as place:
        tell(place, "CREATE DATABASE appended")
        tell(place, "CREATE DATABASE projected")
        many = list(_many_writers(url_of(place, "appended")))
        with (
            tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name,
            closing(_flashlog(name, url_of(place, "projected"))) as flashlog,
        ):
            return [*_one_writer(flashlog), *many, *_projections(flashlog)]


@contextmanager
def server() -> Iterator[str]:
    """Start a server as an operator runs it; its place is its directory."""
    with tempfile.TemporaryDirectory(prefix="flashlog-pg-", dir="/tmp") as name:
        Path(name).chmod(0o755)
        started = Server(Path(name), _AS_OPERATED)
        started.start()
        try:
            yield name
        finally:
            started.stop()


def _flashlog(directory: str, url: str) -> Flashlog:
    return Flashlog(Settings(data_dir=Path(directory), database_url=url))


def _one_writer(flashlog: Flashlog) -> Iterator[Row]:
    with _raw(flashlog.settings.database_url) as raw:
        yield from append_rows(
            flashlog, raw, "PostgreSQL: appends, one event a save, to raw inserts", 0.3
        )


@contextmanager
def _raw(url: str) -> Iterator[Callable[[], object]]:
    import psycopg

    with psycopg.connect(url, autocommit=True) as raw:
        raw.execute(RAW_TABLE)
        yield lambda: raw.execute(
            RAW_INSERT, (uuid4().bytes, 1, "topic", b"{}" * 40, 1)
        )


def _many_writers(url: str) -> Iterator[Row]:
    place = PostgresPlace(url)
    log = place.opened()
    tell(url.partition("host=")[2], RAW_TABLE, database="appended")
    stop = Event()
    with closing(place), ThreadPoolExecutor() as pool:
        read = pool.submit(_positions_read, PostgresPlace(url), stop)
        began = log.max_notification_id() or 0
        try:
            written = appended_by(_PROCESSES, "log", url, _SECONDS)
        finally:
            stop.set()
        end = log.max_notification_id() or 0
        positions = read.result()
    assert end - began == written
    missed = len(set(range(1, end + 1)) ^ set(positions))
    raw = appended_by(_PROCESSES, "raw", url, _SECONDS) / _SECONDS
    name = f"PostgreSQL: appends by {_PROCESSES} processes"
    yield at_least(name, written / _SECONDS, "/s", 2000)
    yield for_comparison(f"{name}, raw inserts in no order", raw, "/s")
    yield at_most(f"{name}: events that a reader missed", missed, "", 0)
    disorder = sum(b != a + 1 for a, b in pairwise(positions))
    yield at_most(f"{name}: events out of order to a reader", disorder, "", 0)


def _positions_read(place: PostgresPlace, stop: Event) -> list[int]:
    """Follow the log as the feed does, until it has been told to stop and has ended."""
    with closing(place):
        log = place.opened()
        growth = log.growth()
        positions: list[int] = []
        while True:
            is_last = stop.is_set()
            if is_last or growth.has_happened():
                after = positions[-1] if positions else 0
                while found := log.select_notifications(
                    after, 1000, inclusive_of_start=False
                ):
                    positions += [each.id for each in found]
                    after = positions[-1]
            if is_last:
                return positions
            time.sleep(0.002)


def _projections(flashlog: Flashlog) -> Iterator[Row]:
    yield from projection_rows(
        flashlog, "PostgreSQL: ", per_second=20_000, rebuild_seconds=180
    )
