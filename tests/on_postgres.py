"""The whole suite on PostgreSQL: FLASHLOG_TEST_DATABASE=postgres.

Every installation that says no other database has one of its own on the server of the
run; its name follows from the data directory, so whoever opens that one again finds it.
"""

import hashlib
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from application.settings import Settings
from tests.postgres import tell, url_of

CHOSEN = "FLASHLOG_TEST_DATABASE"
is_chosen = os.environ.get(CHOSEN) == "postgres"


class Databases:
    """The databases of a test."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._names: set[str] = set()

    def url(self, data_dir: Path) -> str:
        from psycopg.errors import DuplicateDatabase

        digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()
        name = f"test_{digest[:32]}"
        if name not in self._names:
            self._names.add(name)
            # A process of the test may have made it.
            with suppress(DuplicateDatabase):
                tell(self._server, f"CREATE DATABASE {name} STRATEGY = FILE_COPY")
        return url_of(self._server, name)

    def made(self) -> frozenset[str]:
        return frozenset(self._names)

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            tell(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._names.discard(name)


@pytest.fixture(autouse=is_chosen, scope="session")
def postgres_for_all(postgres_server: str) -> Iterator[Databases]:
    databases = Databases(postgres_server)
    said = Settings.__dict__["database_url"]

    def database_url(settings: Settings) -> str:
        return str(said.__get__(settings)) or databases.url(settings.data_dir)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "database_url", property(database_url))
        yield databases


@pytest.fixture(autouse=is_chosen)
def databases_of_a_test(postgres_for_all: Databases) -> Iterator[None]:
    """Drop what a test has made; what several tests share goes with the server."""
    shared = postgres_for_all.made()
    yield
    postgres_for_all.drop(postgres_for_all.made() - shared)
