"""The log and its projections: appends next to raw SQLite, a backlog, a rebuild."""

import sqlite3
import statistics
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from time import perf_counter
from uuid import uuid4

from application.flashlog import Flashlog
from application.settings import Settings
from domain.operation.operation import UpgradeOperation
from tests.benchmarks.generated import upgraded, write_operations
from tests.benchmarks.row import Row, at_least, at_most
from tests.benchmarks.size import size
from tests.domain import examples

# Both sides by turns, so that what else the machine does falls on both.
_TURNS, _APPENDS = size(9, quick=3), size(300, quick=100)
_BACKLOG_OPERATIONS = size(10_000, quick=1_000)
_OPERATIONS = size(100_000, quick=2_000)
_RAW_TABLE = """
PRAGMA journal_mode=WAL;
CREATE TABLE event (
  position INTEGER PRIMARY KEY, originator_id BLOB NOT NULL,
  originator_version INTEGER NOT NULL, topic TEXT NOT NULL, state BLOB NOT NULL,
  recorded_at INTEGER NOT NULL
);
CREATE UNIQUE INDEX event_story ON event (originator_id, originator_version);
"""


def measure() -> list[Row]:
    """Append, then project what others have appended."""
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as directory:
        settings = Settings(data_dir=Path(directory))
        with closing(Flashlog(settings)) as flashlog:
            with _raw(settings.data_dir / "raw.sqlite") as raw:
                name = "appends, one event a save, to raw SQLite"
                appended = list(append_rows(flashlog, raw, name, 0.5))
            projected = projection_rows(
                flashlog, "", per_second=60_000, rebuild_seconds=60
            )
            return [*appended, *projected]


def append_rows(
    flashlog: Flashlog, raw: Callable[[], object], name: str, reach: float
) -> Iterator[Row]:
    """One event a save, durable, with everything that a command does to save it."""
    operation = UpgradeOperation.start(uuid4(), examples.started())
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(), examples.memory_measured())
    operation.note(examples.switch_armed(), examples.upload_begun())
    flashlog.log.append(operation)
    steps = iter(range(1, _TURNS * _APPENDS + 1))

    def ours() -> None:
        operation.note(examples.upload_advanced(next(steps)))
        flashlog.log.append(operation)

    pairs = [(_rate(ours), _rate(raw)) for _ in range(_TURNS)]
    own, peer = map(statistics.median, zip(*pairs, strict=True))
    yield at_least(name, own, "/s", reach, peer)
    size = flashlog.log.recorder.max_notification_id() or 0
    assert size >= _TURNS * _APPENDS


class _raw:  # noqa: N801  # reads as what it is: `with _raw(path) as append`
    """Inserts of the same shape, durable as ours, with nothing around them."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.executescript(_RAW_TABLE)
        self._connection.execute("PRAGMA synchronous=FULL")
        self._story, self._last = uuid4().bytes, 0

    def __enter__(self) -> Callable[[], None]:
        return self._insert

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def _insert(self) -> None:
        self._last += 1
        row = (self._last, self._story, self._last, "topic", b"{}" * 40, 1)
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)", row)
        self._connection.execute("COMMIT")


def _rate(act: Callable[[], object]) -> float:
    begun = perf_counter()
    for _ in range(_APPENDS):
        act()
    return _APPENDS / (perf_counter() - begun)


def projection_rows(
    flashlog: Flashlog, where: str, *, per_second: float, rebuild_seconds: float
) -> Iterator[Row]:
    """Project what others have appended, and then all of it anew."""
    flashlog.projector.catch_up()
    events = write_operations(flashlog, operations=_BACKLOG_OPERATIONS, is_short=False)
    begun = perf_counter()
    flashlog.projector.catch_up()
    rate = events / (perf_counter() - begun)
    name = f"{where}projecting a backlog of {events:,} events"
    yield at_least(name, rate, "/s", per_second)
    write_operations(
        flashlog, operations=_OPERATIONS - _BACKLOG_OPERATIONS, is_short=False
    )
    begun = perf_counter()
    end = flashlog.projector.rebuild()
    took = perf_counter() - begun
    per_upgrade = len(upgraded(uuid4()).collect_events())
    assert end > _OPERATIONS * per_upgrade
    name = f"{where}rebuild of {_OPERATIONS:,} operations, {end:,} events"
    yield at_most(name, took, "s", rebuild_seconds)
