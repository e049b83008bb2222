"""Read models on both databases, for tests that know nothing of which they have."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from application.adapters.database import Database
from application.adapters.sqlite.connections import Connections
from application.projections.projector import open_views
from tests.adapters.databases import KINDS, in_postgres


class Place:
    """Where read models are; whoever opens them is like another process."""

    def __init__(self, where: str | Path) -> None:
        self._where = where

    @contextmanager
    def opened(self, *, busy_seconds: float = 5.0) -> Iterator[Database]:
        with self._bare(busy_seconds) as database:
            yield open_views(database)

    @contextmanager
    def _bare(self, busy_seconds: float) -> Iterator[Database]:
        if isinstance(self._where, str):
            with in_postgres(self._where, "views", busy_seconds=busy_seconds) as found:
                yield found
        else:
            found = Connections(
                self._where, synchronous="NORMAL", busy_seconds=busy_seconds
            )
            yield found
            found.close()


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "postgres":
        return Place(str(request.getfixturevalue("postgres_url")))
    return Place(tmp_path / "views.sqlite")
