from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.transparency.leaf import NoLeafError, StoredRow, leaf_hash_of, leaf_of

ROW = StoredRow(
    position=258,
    originator_id=bytes(range(16)),
    originator_version=3,
    topic=b"Device:Registered",
    state=b'{"name":"roof-17"}',
    recorded_at=1_750_000_000_000_000,
)
rows = st.builds(
    StoredRow,
    position=st.integers(1, 2**63 - 1),
    originator_id=st.binary(min_size=16, max_size=16),
    originator_version=st.integers(1, 2**63 - 1),
    topic=st.binary(max_size=8),
    state=st.binary(max_size=8),
    recorded_at=st.integers(-(2**63), 2**63 - 1),
)


def test_a_leaf_is_what_the_documentation_says() -> None:
    """These bytes are for ever: whoever kept a checkpoint relies on them."""
    leaf = (
        b"\x01"
        b"\x00\x00\x00\x00\x00\x00\x01\x02"
        b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f"
        b"\x00\x00\x00\x00\x00\x00\x00\x03"
        b"\x00\x06\x37\x9d\xa0\x5b\x60\x00"
        b"\x00\x00\x00\x11"
        b"\x00\x00\x00\x12"
        b'Device:Registered{"name":"roof-17"}'
    )
    assert leaf_of(ROW) == leaf
    assert leaf_hash_of(ROW) == sha256(b"\x00" + leaf).digest()


@given(rows, rows)
def test_different_rows_have_different_leaves(one: StoredRow, other: StoredRow) -> None:
    assert (leaf_of(one) == leaf_of(other)) == (one == other)


@given(rows, st.integers(1, 8))
def test_a_byte_that_moves_to_the_next_column_is_seen(row: StoredRow, at: int) -> None:
    both = row.topic + row.state
    moved = row._replace(topic=both[:at], state=both[at:])
    assert (leaf_of(moved) == leaf_of(row)) == (moved == row)


@pytest.mark.parametrize(
    "change",
    [
        {"originator_id": b"short"},
        {"originator_id": None},
        {"position": -1},
        {"position": 1 << 64},
        {"recorded_at": "yesterday"},
        {"recorded_at": None},
        {"state": "text"},
        {"state": None},
        {"topic": None},
        {"originator_version": 1.5},
    ],
)
def test_what_no_flashlog_has_written_has_no_leaf(change: dict[str, Any]) -> None:
    with pytest.raises(NoLeafError):
        leaf_of(ROW._replace(**change))
