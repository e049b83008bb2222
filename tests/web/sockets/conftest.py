"""A service whose runner leaves the operations to the tests, and who listens to it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import websocket

from application.batches.keeper import ROLE as KEEPER
from application.flashlog import Flashlog
from application.settings import Settings
from tests.adapters.databases import KINDS
from tests.postgres import empty_database
from tests.web.conftest import token_for
from tests.web.serving import Service, serving

CLIENTS_MAX = 8
# A mark for modules whose promises are run on each database.
ON_BOTH = pytest.mark.parametrize("database_url", KINDS, indirect=True, scope="module")


@pytest.fixture(scope="module")
def overrides() -> dict[str, Any]:
    """Settings that a module wants to be otherwise."""
    return {}


@pytest.fixture(scope="module")
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the installation is: in files, unless a module is run ON_BOTH."""
    if getattr(request, "param", "sqlite") == "postgres":
        with empty_database(request.getfixturevalue("postgres_server")) as url:
            yield url
    else:
        yield ""


@pytest.fixture(scope="module")
def quiet(
    tmp_path_factory: pytest.TempPathFactory,
    database_url: str,
    overrides: dict[str, Any],
) -> Settings:
    said: dict[str, Any] = {
        "data_dir": tmp_path_factory.mktemp("data"),
        "database_url": database_url,
        "bind": "127.0.0.1:0",
        "request_rate_limit": "off",
        "poll_seconds": 3600,
        "websocket_clients_max": CLIENTS_MAX,
        "websocket_recheck_seconds": 0.2,
        "log_level": "WARNING",
    }
    return Settings(**(said | overrides))


@pytest.fixture(scope="module")
def here(quiet: Settings) -> Iterator[Flashlog]:
    flashlog = Flashlog(quiet)
    yield flashlog
    flashlog.close()


@pytest.fixture(scope="module")
def service(quiet: Settings, here: Flashlog) -> Iterator[Service]:
    # Who is the keeper already is not relieved: batches are left to the tests, too.
    with here.alone(KEEPER) as is_alone, serving(quiet) as running:
        assert is_alone
        yield running


@pytest.fixture(scope="module")
def key(here: Flashlog) -> str:
    return token_for(here, "listener", is_superuser=True)


@contextmanager
def refused(status: int) -> Iterator[None]:
    with pytest.raises(websocket.WebSocketBadStatusException) as caught:
        yield
    assert caught.value.status_code == status
