"""Whatever statements are run on the log: exactly what they changed is found."""

import shutil
import sqlite3
import tempfile
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.audit import tampering
from tests.audit.given import House
from tests.audit.test_verification import look

SIZE = tampering.SIZE
positions = st.integers(1, SIZE)
shifts = st.integers(-SIZE, SIZE)
# Where two rows would have one place, nothing is done.
DEEDS = st.one_of(
    st.builds("DELETE FROM event WHERE position = {}".format, positions),
    st.builds("DELETE FROM event WHERE position > {}".format, positions),
    st.builds(
        "UPDATE OR IGNORE event SET position = position + {}"
        " WHERE position = {}".format,
        shifts,
        positions,
    ),
    st.builds(
        "INSERT OR IGNORE INTO event SELECT position + {}, randomblob(16), 1, topic,"
        " state, recorded_at FROM event WHERE position = {}".format,
        shifts,
        positions,
    ),
    *(
        st.builds(f"UPDATE event SET {change} WHERE position = {{}}".format, positions)
        for change in (
            "recorded_at = -recorded_at",
            "topic = 'x'",
            "topic = topic",
            "state = x'00'",
            "state = CAST(CAST(state AS TEXT) || ' ' AS BLOB)",
            "originator_version = -originator_version",
            "originator_id = zeroblob(16) || x'01'",
        )
    ),
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> House:
    house = House(tmp_path_factory.mktemp("first"))
    house.append(SIZE - 1)
    house.sign()
    return house


def rows(house: House) -> dict[int, Any]:
    with closing(sqlite3.connect(house.log)) as connection:
        return {row[0]: row for row in connection.execute("SELECT * FROM event")}


@settings(max_examples=60, deadline=None)
@given(st.lists(DEEDS, min_size=1, max_size=4))
def test_what_was_changed_is_what_is_found(first: House, deeds: list[str]) -> None:
    before = rows(first)
    with tempfile.TemporaryDirectory() as name:
        house = House(Path(name), is_new=False)
        house.key = first.key
        for path in (first.log, first.store):
            shutil.copy(path, house.directory / path.name)
        for deed in deeds:
            with suppress(sqlite3.IntegrityError):
                house.tamper(deed)
        after = rows(house)
        report = look(house)
    changed = {
        position
        for position in range(1, SIZE + 1)
        if before[position] != after.get(position)
    }
    added = {position for position in after if position < 1}
    found = {
        position
        for each in report.findings
        for position in range(each.first, each.last + 1)
    }
    assert found == changed | added
    assert report.is_good == (not found)
