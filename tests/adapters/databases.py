"""The same test on both databases: fixtures that give each of them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from application.adapters.database import Database
from application.adapters.sqlite.connections import Connections

KINDS = ("sqlite", "postgres")


@contextmanager
def in_postgres(
    url: str, part: str, *, busy_seconds: float = 5.0
) -> Iterator[Database]:
    from application.adapters.postgres.database import PostgresDatabase
    from application.adapters.postgres.listener import Listener
    from application.adapters.postgres.pool import Pool

    pool = Pool(url, busy_seconds=busy_seconds)
    listener = Listener(pool)
    try:
        yield PostgresDatabase(pool, listener, part)
    finally:
        listener.close()
        pool.close()


@contextmanager
def opened_database(
    request: pytest.FixtureRequest, tmp_path: Path, *, busy_seconds: float = 5.0
) -> Iterator[Database]:
    """Open the database that the test is run on: `request.param`."""
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_url")
        with in_postgres(url, "views", busy_seconds=busy_seconds) as database:
            yield database
    else:
        connections = Connections(tmp_path / "x.sqlite", busy_seconds=busy_seconds)
        yield connections
        connections.close()


def soon(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 60
    while not is_so():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.002)
    return True
