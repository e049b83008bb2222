"""Stored events for tests of the log, and what must hold of every log."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from uuid import UUID, uuid4

from eventsourcing.persistence import StoredEvent

ROOT = Path(__file__).parents[3]


def story(
    length: int, *, originator_id: UUID | None = None, after: int = 0, size: int = 2
) -> Sequence[StoredEvent]:
    """The next events of one story; `size` is the number of bytes of each state."""
    originator_id = originator_id or uuid4()
    return [
        StoredEvent(
            originator_id=originator_id,
            originator_version=version,
            topic="Example:Happened",
            state=b"{}".ljust(size),
        )
        for version in range(after + 1, after + length + 1)
    ]


def rows(path: Path) -> list[tuple[int, bytes, int, int]]:
    """Position, originator, version and time of all events, by a plain connection."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(
            "SELECT position, originator_id, originator_version, recorded_at"
            " FROM event ORDER BY position"
        ).fetchall()


def check_whole(path: Path) -> int:
    """Assert that the log has no holes, in order and stories; returns its length."""
    found = rows(path)
    assert [row[0] for row in found] == list(range(1, len(found) + 1))
    versions: dict[bytes, int] = {}
    for _, originator, version, _ in found:
        assert version == versions.get(originator, 0) + 1
        versions[originator] = version
    times = [row[3] for row in found]
    assert times == sorted(times)
    with closing(sqlite3.connect(path)) as connection:
        (verdict,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert verdict == "ok"
    return len(found)
