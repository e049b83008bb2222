import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import IO
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.adapters.sqlite.log import SQLiteLog
from application.errors import LogBusyError, NewerLogError
from tests.adapters.sqlite.stories import ROOT, check_whole, rows, story


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(path)
    yield log
    log.close()


# --- order ---------------------------------------------------------------------------


def test_positions_are_counted_from_one_on(log: SQLiteLog) -> None:
    assert log.max_notification_id() is None
    assert log.insert_events(story(2)) == [1, 2]
    assert log.insert_events([*story(1), *story(2)]) == [3, 4, 5]
    assert log.max_notification_id() == 5


def test_appending_nothing_changes_nothing(log: SQLiteLog) -> None:
    assert log.insert_events([]) == []
    assert log.max_notification_id() is None


def stdin_of(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin
    return process.stdin


def test_many_processes_and_threads_leave_no_hole(path: Path) -> None:
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.adapters.sqlite.writer", path, "40", "3"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            stdin_of(writer).write("go\n")
            stdin_of(writer).flush()
        for writer in writers:
            writer.communicate(timeout=60)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()

    assert [writer.returncode for writer in writers] == [0] * 4
    events_each = 3 * sum(1 + number % 3 for number in range(40))
    assert check_whole(path) == 4 * events_each


def test_many_may_make_the_log_at_the_same_moment(path: Path) -> None:
    together = Barrier(8)

    def make(_: int) -> int:
        together.wait(10)
        log = SQLiteLog(path)
        position = log.insert_events(story(1))[0]
        log.close()
        return position

    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(make, range(8)))

    assert sorted(positions) == list(range(1, 9))


def test_reading_goes_on_from_any_position(log: SQLiteLog) -> None:
    log.insert_events(story(5))

    def positions(start: int | None, limit: int, stop: int | None = None) -> list[int]:
        found = log.select_notifications(start, limit, stop, inclusive_of_start=False)
        return [event.id for event in found]

    assert positions(None, 10) == [1, 2, 3, 4, 5]
    assert positions(2, 2) == [3, 4]
    assert positions(2, 10, 4) == [3, 4]
    assert positions(5, 10) == []
    assert [event.id for event in log.select_notifications(2, 2)] == [2, 3]


def test_a_story_is_told_in_its_own_order(log: SQLiteLog) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(2, originator_id=one))
    log.insert_events(story(2, originator_id=other))
    log.insert_events(story(2, originator_id=one, after=2))

    assert [event.id for event in log.select_events(one)] == [1, 2, 5, 6]
    assert [event.id for event in log.select_events(one, desc=True, limit=1)] == [6]
    assert [event.id for event in log.select_events(one, gt=1, lte=3)] == [2, 5]
    assert log.version_of(one) == 4
    assert log.version_of(uuid4()) == 0


# --- all or nothing ------------------------------------------------------------------


def test_of_two_that_write_the_same_next_event_one_wins(log: SQLiteLog) -> None:
    one = uuid4()
    log.insert_events(story(1, originator_id=one))

    with pytest.raises(IntegrityError):
        log.insert_events(story(1, originator_id=one))

    assert log.max_notification_id() == 1


def test_a_conflict_in_one_story_keeps_out_the_others_too(log: SQLiteLog) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(1, originator_id=one))

    with pytest.raises(IntegrityError):
        log.insert_events(
            [*story(2, originator_id=other), *story(1, originator_id=one)]
        )

    assert log.version_of(other) == 0
    assert log.insert_events(story(1, originator_id=other)) == [2]


def test_an_append_is_on_the_disk_when_it_returns(log: SQLiteLog) -> None:
    log.insert_events(story(1))

    with log._connections.writing() as connection:
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()

    full = 2
    assert (synchronous, journal) == (full, "wal")


# --- what the database itself refuses ------------------------------------------------

INSERT = (
    " INTO event (position, originator_id, originator_version, topic, state,"
    " recorded_at) VALUES "
)
TAMPERING = {
    "update": "UPDATE event SET topic = 'x' WHERE position = 2",
    "update or replace": "UPDATE OR REPLACE event SET position = 1 WHERE position = 2",
    "update or ignore": "UPDATE OR IGNORE event SET state = x'00'",
    "update of the row id": "UPDATE event SET rowid = 9 WHERE position = 3",
    "delete": "DELETE FROM event WHERE position = 3",
    "delete all": "DELETE FROM event",
    "replace a position": f"REPLACE{INSERT}(2, x'01', 1, 't', x'00', 9)",
    "replace a story": f"REPLACE{INSERT}(4, x'0A', 2, 't', x'00', 9)",
    "insert or replace": f"INSERT OR REPLACE{INSERT}(3, x'0B', 1, 't', x'00', 9)",
    "insert or ignore": f"INSERT OR IGNORE{INSERT}(3, x'0B', 1, 't', x'00', 9)",
    "insert the same": f"INSERT{INSERT}(3, x'0A', 3, 't', x'00', 9)",
    "insert or rollback": f"INSERT OR ROLLBACK{INSERT}(2, x'0B', 1, 't', x'00', 9)",
    "upsert a position": f"INSERT{INSERT}(3, x'0B', 1, 't', x'00', 9)"
    " ON CONFLICT (position) DO UPDATE SET topic = 'x'",
    "upsert a story": f"INSERT{INSERT}(4, x'0A', 3, 't', x'00', 9)"
    " ON CONFLICT (originator_id, originator_version) DO UPDATE SET topic = 'x'",
    "upsert nothing": f"INSERT{INSERT}(3, x'0B', 1, 't', x'00', 9)"
    " ON CONFLICT DO NOTHING",
    "leave a hole": f"INSERT{INSERT}(5, x'0B', 1, 't', x'00', 9)",
    "insert before the first": f"INSERT{INSERT}(0, x'0B', 1, 't', x'00', 9)",
    "insert without position": "INSERT INTO event (originator_id,"
    " originator_version, topic, state, recorded_at) VALUES (x'0B', 1, 't', x'', 9)",
    "leave a hole in a story": f"INSERT{INSERT}(4, x'0A', 5, 't', x'00', 9)",
    "go back in time": f"INSERT{INSERT}(4, x'0B', 1, 't', x'00', 4)",
}


@pytest.mark.parametrize("tampering", TAMPERING)
def test_a_plain_connection_cannot_change_what_happened(
    path: Path, log: SQLiteLog, tampering: str
) -> None:
    with closing(sqlite3.connect(path)) as plain:
        for version in (1, 2, 3):
            plain.execute(
                f"INSERT{INSERT}(?, x'0A', ?, 't', x'00', 5)", (version, version)
            )
        plain.commit()
    before = rows(path)

    with closing(sqlite3.connect(path)) as plain:
        with pytest.raises(sqlite3.DatabaseError):
            plain.execute(TAMPERING[tampering])
        plain.commit()

    assert rows(path) == before


# --- time ----------------------------------------------------------------------------


def test_recorded_time_never_goes_back_when_the_clock_is_stepped(
    path: Path,
) -> None:
    steps = iter((1000, 2000, 500, 1500, 3000))
    log = SQLiteLog(path, now=lambda: datetime.fromtimestamp(next(steps), UTC))
    for _ in range(5):
        log.insert_events(story(1))
    log.close()

    assert [row[3] // 10**6 for row in rows(path)] == [1000, 2000, 2000, 2000, 3000]


# --- trouble -------------------------------------------------------------------------


def test_an_older_flashlog_refuses_a_newer_log_and_says_what_to_do(
    path: Path, log: SQLiteLog
) -> None:
    log.close()
    with closing(sqlite3.connect(path)) as plain:
        plain.execute("PRAGMA user_version = 2")

    with pytest.raises(NewerLogError) as refusal:
        SQLiteLog(path)

    assert str(refusal.value) == (
        f"{path} has format 2, this Flashlog knows 1: install the version that wrote "
        "it or a later one"
    )


def test_a_locked_log_is_busy_and_nothing_is_half_written(path: Path) -> None:
    log = SQLiteLog(path, busy_seconds=0.2)
    log.insert_events(story(1))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")

        with pytest.raises(LogBusyError, match="locked by another process: try again"):
            log.insert_events(story(2))

        assert log.max_notification_id() == 1
        other.execute("ROLLBACK")

    assert log.insert_events(story(2)) == [2, 3]
    log.close()


def test_many_threads_do_not_wait_for_a_locked_log_one_after_the_other(
    path: Path,
) -> None:
    log = SQLiteLog(path, busy_seconds=0.3)

    def append(_: int) -> float:
        begun = monotonic()
        with pytest.raises(LogBusyError):
            log.insert_events(story(1))
        return monotonic() - begun

    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with ThreadPoolExecutor(60) as pool:
            waited = list(pool.map(append, range(60)))

    assert max(waited) < 60 * 0.3 / 2
    log.close()


def test_a_log_that_cannot_be_made_now_can_be_made_later(path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("PRAGMA journal_mode=WAL")
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogBusyError):
            SQLiteLog(path, busy_seconds=0.1)

    log = SQLiteLog(path)
    assert log.insert_events(story(1)) == [1]
    log.close()


# --- growth and copies ---------------------------------------------------------------


def test_growth_by_anybody_is_noticed_once(path: Path, log: SQLiteLog) -> None:
    other = SQLiteLog(path)
    growth = log.growth()
    assert growth.has_happened()
    assert not growth.has_happened()

    for writer in (log, other):
        writer.insert_events(story(1))
        assert growth.has_happened()
        assert not growth.has_happened()
    growth.close()
    other.close()


def test_a_copy_is_the_log_of_one_moment_while_others_write(
    tmp_path: Path, log: SQLiteLog
) -> None:
    one = UUID(int=1)
    log.insert_events(story(100, originator_id=one))
    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(
            lambda: [log.insert_events(story(3, size=500)) for _ in range(200)]
        )
        copies = []
        for number in range(5):
            copy = tmp_path / f"copy-{number}.sqlite"
            copies.append((copy, log.backup(copy)))
        writing.result(30)

    for copy, end in copies:
        assert check_whole(copy) == end >= 100
    assert [end for _, end in copies] == sorted(end for _, end in copies)


def test_a_copy_goes_on_as_a_log(tmp_path: Path, log: SQLiteLog) -> None:
    log.insert_events(story(3))
    log.backup(tmp_path / "copy.sqlite")

    copy = SQLiteLog(tmp_path / "copy.sqlite")
    assert copy.insert_events(story(1)) == [4]
    copy.close()
