"""What both databases do alike."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from application.adapters.database import ConstraintError, Database
from application.errors import LogBusyError, StorageError
from tests.adapters.databases import KINDS, opened_database, soon

SCHEMA = """
CREATE TABLE IF NOT EXISTS thing (  -- with a comment; and a semicolon
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  bytes BLOB,
  weight REAL,
  is_new INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS other (
  name TEXT PRIMARY KEY, number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
BUSY_SECONDS = 1.0


@pytest.fixture(params=KINDS)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    with opened_database(request, tmp_path, busy_seconds=BUSY_SECONDS) as database:
        database.make(SCHEMA, 7)
        yield database


def test_values_come_back_as_they_went(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(
            "INSERT INTO thing (name, bytes, weight, is_new) VALUES (?, ?, ?, ?)",
            ("it's 100 % 'ö' ? :x $1", b"\0\xff?", 0.1, True),
        )
        connection.execute("INSERT INTO thing (name) VALUES (?)", ("",))

    with database.reading() as connection:
        found = connection.execute("SELECT * FROM thing ORDER BY id").fetchall()

    assert found == [
        (1, "it's 100 % 'ö' ? :x $1", b"\0\xff?", 0.1, 1),
        (2, "", None, None, None),
    ]
    assert [type(value) for value in found[0]] == [int, str, bytes, float, int]


@pytest.mark.parametrize(
    ("statement", "parameters", "expected"),
    [
        ('SELECT \'?\', ":x" FROM (SELECT 1 AS ":x") AS y', (), ("?", 1)),
        ("SELECT name FROM other WHERE number > ? AND name <> ?", (1, "b"), ("c",)),
        (
            "SELECT name, ?2 FROM other WHERE number = ?1 OR number = ?1 LIMIT 1",
            (2, "x"),
            ("b", "x"),
        ),
        (
            "SELECT name FROM other WHERE number = :number AND name = :name -- ? :this",
            {"name": "a", "number": 1, "unused": 0},
            ("a",),
        ),
        ("SELECT sum(number), count(*) FROM other WHERE number < ?", (9,), (6, 3)),
        ("SELECT number = 1, number <> 1 FROM other WHERE name = 'a'", (), (1, 0)),
        ("SELECT CAST(name AS BLOB) FROM other WHERE number = ?", (3,), (b"c",)),
        ("SELECT name FROM other ORDER BY name LIMIT ? OFFSET ?", (1, 1), ("b",)),
        ("SELECT coalesce(max(number), 0) FROM other WHERE name = ?", ("?",), (0,)),
    ],
)
def test_one_text_of_sql_says_the_same(
    database: Database, statement: str, parameters: object, expected: object
) -> None:
    with database.writing() as connection:
        rows = [("a", 1), ("b", 2), ("c", 3)]
        connection.executemany("INSERT INTO other VALUES (?, ?)", rows)

    with database.reading() as connection:
        assert connection.execute(statement, parameters).fetchone() == expected  # type: ignore[arg-type]


def test_texts_are_compared_by_their_bytes(database: Database) -> None:
    with database.writing() as connection:
        rows = [(name, 0) for name in ("b", "A", "a", "ä", "B", " ", "_")]
        connection.executemany("INSERT INTO other VALUES (?, ?)", rows)

    with database.reading() as connection:
        found = connection.execute("SELECT name FROM other ORDER BY name").fetchall()

    assert [name for (name,) in found] == [" ", "A", "B", "_", "a", "b", "ä"]


def test_what_a_cursor_tells(database: Database) -> None:
    with database.writing() as connection:
        connection.executemany("INSERT INTO other VALUES (?, ?)", [("a", 1), ("b", 1)])
        changed = connection.execute(
            "UPDATE other SET number = ? WHERE name = ?", (2, "b")
        )
        assert changed.rowcount == 1
        found = connection.execute("SELECT number AS how_many, name FROM other")
        assert [each[0] for each in found.description or ()] == ["how_many", "name"]
        assert sorted(found) == [(1, "a"), (2, "b")]
        assert (
            connection.execute("SELECT 1 FROM other WHERE name = ''").fetchone() is None
        )


def test_much_is_written_in_one_transaction(database: Database) -> None:
    rows = [(f"{number}", number) for number in range(20_000)]

    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO other VALUES (?, ?)"
            " ON CONFLICT (name) DO UPDATE SET number = excluded.number",
            rows,
        )
        connection.execute("INSERT INTO thing (name) VALUES (?)", ("x" * 3_000_000,))

    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM other").fetchone() == (20_000,)


def test_an_error_takes_back_everything(database: Database) -> None:
    def insert(*names: str) -> None:
        with database.writing() as connection:
            for name in names:
                connection.execute(
                    "INSERT INTO other VALUES (?, ?)", (name, [1][len(name) - 1])
                )

    with pytest.raises(ConstraintError):
        insert("a", "a")
    with pytest.raises(IndexError):
        insert("b", "long")
    with pytest.raises(StorageError, match="nothing"), database.reading() as connection:
        connection.execute("SELECT 1 FROM nothing")

    with database.reading() as connection:
        assert connection.execute("SELECT count(*) FROM other").fetchone() == (0,)


def test_one_writes_at_a_time_and_others_are_told_to_try_again(
    database: Database,
) -> None:
    begun, done = Event(), Event()

    def write() -> None:
        with database.writing() as connection:
            connection.execute("INSERT INTO other VALUES (?, ?)", ("a", 1))
            begun.set()
            done.wait(60)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        begun.wait(60)
        started = time.monotonic()
        with (
            pytest.raises(LogBusyError, match="try again"),
            database.writing() as connection,
        ):
            connection.execute("INSERT INTO other VALUES (?, ?)", ("b", 1))
        waited = time.monotonic() - started
        with database.reading() as connection:
            found = connection.execute("SELECT count(*) FROM other").fetchone()
        done.set()
        writing.result(60)

    assert found == (0,)
    assert BUSY_SECONDS / 2 < waited < BUSY_SECONDS * 60


def test_who_writes_next_sees_what_was_written(database: Database) -> None:
    def count(_: int) -> None:
        with database.writing() as connection:
            (number,) = connection.execute("SELECT number FROM other").fetchone()
            connection.execute("UPDATE other SET number = ?", (number + 1,))

    with database.writing() as connection:
        connection.execute("INSERT INTO other VALUES ('n', 0)")
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))

    with database.reading() as connection:
        assert connection.execute("SELECT number FROM other").fetchone() == (40,)


def test_growth_is_noticed(database: Database) -> None:
    growth = database.growth()
    assert growth.has_happened()
    assert not growth.has_happened()

    for number in range(3):
        with database.writing() as connection:
            connection.execute("INSERT INTO other VALUES (?, ?)", (str(number), 1))
        assert soon(growth.has_happened)
        assert not growth.has_happened()
    growth.close()


def test_tables_are_made_once_and_again_all_at_once(database: Database) -> None:
    with database.writing() as connection:
        connection.execute("INSERT INTO other VALUES ('n', 0)")
        connection.execute("INSERT INTO thing (name) VALUES ('n')")

    database.make(SCHEMA, 7)
    assert sorted(database.tables()) == ["other", "thing"]
    database.make(SCHEMA, 8, dropping=["thing"])

    assert database.format() == 8
    with database.reading() as connection:
        counts = "SELECT (SELECT count(*) FROM thing), (SELECT count(*) FROM other)"
        assert connection.execute(counts).fetchone() == (0, 1)


def test_many_may_make_the_tables_at_the_same_moment(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: database.make(SCHEMA, 7), range(8)))

    assert database.format() == 7


def test_planners_are_told_what_is_in_the_tables(
    database: Database, request: pytest.FixtureRequest
) -> None:
    with database.writing() as connection:
        connection.executemany(
            "INSERT INTO thing (name) VALUES (?)", [(str(n),) for n in range(500)]
        )
        connection.executemany(
            "INSERT INTO other (name, number) VALUES (?, 1)",
            [(str(n),) for n in range(500)],
        )
    tables = sorted(database.tables())

    database.analyze()

    is_sqlite = "sqlite" in request.node.name
    with database.reading() as connection:
        found = connection.execute(
            "SELECT stat FROM sqlite_stat1 WHERE tbl = 'other'"
            if is_sqlite
            else "SELECT reltuples FROM pg_class WHERE relname = 'other'"
            " AND relkind = 'r'"
        ).fetchall()
    assert found == [("500 1",) if is_sqlite else (500.0,)]
    assert sorted(database.tables()) == tables
    database.make(SCHEMA, 8, dropping=tables)
