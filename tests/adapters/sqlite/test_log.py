"""What the log on SQLite does by SQLite's own means."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from uuid import UUID

import pytest

from application.adapters.sqlite.log import SQLiteLog
from tests.adapters.logs import SQLitePlace, check_whole, rows, story


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite"


@pytest.fixture
def log(path: Path) -> Iterator[SQLiteLog]:
    log = SQLiteLog(path)
    yield log
    log.close()


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
    before = rows(SQLitePlace(path))

    with closing(sqlite3.connect(path)) as plain:
        with pytest.raises(sqlite3.DatabaseError):
            plain.execute(TAMPERING[tampering])
        plain.commit()

    assert rows(SQLitePlace(path)) == before


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
        assert check_whole(SQLitePlace(copy)) == end >= 100
    assert [end for _, end in copies] == sorted(end for _, end in copies)


def test_a_copy_goes_on_as_a_log(tmp_path: Path, log: SQLiteLog) -> None:
    log.insert_events(story(3))
    log.backup(tmp_path / "copy.sqlite")

    copy = SQLiteLog(tmp_path / "copy.sqlite")
    assert copy.insert_events(story(1)) == [4]
    copy.close()
