"""The storage of one installation on either database, opened as processes open it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from application.adapters.storage import Storage
from application.settings import Settings
from application.storage import storage_of

Open = Callable[[], Storage]


@contextmanager
def given_storages(request: pytest.FixtureRequest, directory: Path) -> Iterator[Open]:
    """Give what opens the storage once more: on the database of `request.param`."""
    is_sqlite = request.param == "sqlite"
    url = "" if is_sqlite else request.getfixturevalue("postgres_url")
    directory.mkdir(exist_ok=True)
    with ExitStack() as stack:

        def opened() -> Storage:
            storage = storage_of(Settings(data_dir=directory, database_url=url))
            stack.callback(storage.close)
            return storage

        yield opened
