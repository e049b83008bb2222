"""The whole suite on PostgreSQL: FLASHLOG_TEST_DATABASE=postgres.

Every installation that says no other database has one of its own on the server of the
run; its name follows from the data directory, so whoever opens that one again finds it.
"""

import hashlib
import os
from collections.abc import Iterator
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

    def drop(self) -> None:
        for name in self._names:
            tell(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@pytest.fixture(autouse=is_chosen)
def postgres_for_all(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    databases = Databases(postgres_server)
    said = Settings.__dict__["database_url"]

    def database_url(settings: Settings) -> str:
        return str(said.__get__(settings)) or databases.url(settings.data_dir)

    monkeypatch.setattr(Settings, "database_url", property(database_url))
    yield
    databases.drop()
