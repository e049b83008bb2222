"""The whole suite on PostgreSQL: FLASHLOG_TEST_DATABASE=postgres.

Every installation that says no other database has one of its own on the server of the
run; its name follows from the data directory, so whoever opens that one again finds it,
a process that the test starts as well. Tests marked `sqlite` are left out.
"""

import hashlib
import os
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Lock
from typing import Any

import pytest

from application.settings import Settings
from tests.postgres import create, made_once, tell, url_of

CHOSEN = "FLASHLOG_TEST_DATABASE"
is_chosen = os.environ.get(CHOSEN) == "postgres"
_TEMPLATE = "flashlog_template"
_DATA_DIR, _DATABASE = "FLASHLOG_DATA_DIR", "FLASHLOG_DATABASE_URL"
_start = subprocess.Popen.__init__


def leave_out_sqlite(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Deselect what is about SQLite itself, also where a test is run on both."""
    if is_chosen:
        left_out = [each for each in items if _is_about_sqlite(each)]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [each for each in items if each not in left_out]


def _is_about_sqlite(item: pytest.Item) -> bool:
    callspec = getattr(item, "callspec", None)
    is_on_it = callspec is not None and "sqlite" in callspec._idlist
    return is_on_it or item.get_closest_marker("sqlite") is not None


class Databases:
    """The databases of a test."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._names: set[str] = set()
        self._guard = Lock()

    def url(self, data_dir: Path) -> str:
        from psycopg.errors import DuplicateDatabase

        digest = hashlib.sha256(str(data_dir.absolute()).encode()).hexdigest()
        name = f"test_{digest[:32]}"
        with self._guard:
            if name not in self._names:
                # A process of the test may have made it.
                with suppress(DuplicateDatabase):
                    create(self._server, name, template=_TEMPLATE)
                self._names.add(name)
        return url_of(self._server, name)

    def made(self) -> frozenset[str]:
        return frozenset(self._names)

    def drop(self, names: Iterable[str]) -> None:
        for name in names:
            tell(self._server, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
            self._names.discard(name)


@pytest.fixture(autouse=is_chosen, scope="session")
def postgres_for_all(
    postgres_server: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    shared = tmp_path_factory.getbasetemp().parent
    made_once(
        shared / f"template-{Path(postgres_server).name}",
        lambda: _template(postgres_server, tmp_path_factory.mktemp("template")),
    )
    databases = Databases(postgres_server)
    said = Settings.__dict__["database_url"]

    def database_url(settings: Settings) -> str:
        return str(said.__get__(settings)) or databases.url(settings.data_dir)

    def start(process: Any, *arguments: Any, **options: Any) -> None:
        environment = os.environ if options.get("env") is None else options["env"]
        directory = environment.get(_DATA_DIR)
        if directory and not environment.get(_DATABASE):
            url = databases.url(Path(directory))
            options["env"] = {**environment, _DATABASE: url}
        _start(process, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Settings, "database_url", property(database_url))
        patch.setattr(subprocess.Popen, "__init__", start)
        yield databases


@pytest.fixture(autouse=is_chosen)
def databases_of_a_test(postgres_for_all: Databases) -> Iterator[None]:
    """Drop what a test has made; what several tests share goes with the server."""
    shared = postgres_for_all.made()
    yield
    postgres_for_all.drop(postgres_for_all.made() - shared)


def _template(server: str, directory: Path) -> str:
    """Make the tables that take long; whether there is a log may be asked, so none."""
    from application.adapters.postgres.storage import PostgresStorage
    from application.adapters.postgres.vault_rows import VaultRows
    from application.projections.projector import open_views

    create(server, _TEMPLATE)
    url = url_of(server, _TEMPLATE)
    with closing(PostgresStorage(url, directory, connections_max=1)) as storage:
        open_views(storage.views)
        storage.tree()
        VaultRows(storage._part("vault"))
    return _TEMPLATE
