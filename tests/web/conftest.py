from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from werkzeug.test import Client

from application import passwords
from application.commands.users import add_user, find_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from tests.adapters.databases import KINDS
from tests.web import examples
from tests.web.judging import judged
from tests.web.over_http import CHEAP_SCRYPT, client_over_http, serving_installations
from tests.web.people import Caller, People
from web.app import create_app

__all__ = ["API", "ON_BOTH", "Caller", "id_of", "token_for"]

API = "/api/v1/firmware-upgrader"
# A mark for modules whose promises are run on each database.
ON_BOTH = pytest.mark.parametrize("database_url", KINDS, indirect=True)
# What clients rely on is tested over HTTP; all else in this process.
_CONTRACT = {
    "test_builds",
    "test_categories",
    "test_connections",
    "test_credentials",
    "test_device_firmware",
    "test_devices",
    "test_download",
    "test_events",
    "test_groups",
    "test_images",
    "test_locations",
    "test_mass_upgrade",
    "test_operations",
    "test_roles",
    "test_users",
    "test_users_groups",
    "test_users_organizations",
    "test_users_passwords",
    "test_users_roles",
}


@pytest.fixture
def database_url(request: pytest.FixtureRequest) -> str:
    """Where the installation is: in files, unless a module is run ON_BOTH."""
    if getattr(request, "param", "sqlite") == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return ""


@pytest.fixture
def settings(tmp_path: Path, database_url: str) -> Settings:
    return Settings(
        data_dir=tmp_path,
        database_url=database_url,
        request_rate_limit="off",
        token_rate_limit="off",
    )


@pytest.fixture
def flashlog(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flashlog]:
    # What a password costs to check is not what these tests are about.
    monkeypatch.setattr(passwords, "_SCRYPT", CHEAP_SCRYPT)
    made = Flashlog(settings)
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _described(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test pass whose answers are not as the interface describes them."""
    with judged(monkeypatch):
        yield


@pytest.fixture(scope="session")
def port_of_installations() -> Iterator[int]:
    with serving_installations() as port:
        yield port


@pytest.fixture
def client(flashlog: Flashlog, request: pytest.FixtureRequest) -> Client:
    """Call the application: over HTTP where it is what clients rely on."""
    is_contract = request.node.module.__name__.rpartition(".")[2] in _CONTRACT
    if not is_contract or request.node.get_closest_marker("in_process"):
        return create_app(flashlog).test_client()
    port = request.getfixturevalue("port_of_installations")
    return client_over_http(port, flashlog.settings)


@pytest.fixture
def anybody(client: Client) -> Caller:
    return Caller(client)


@pytest.fixture
def token(flashlog: Flashlog) -> str:
    return token_for(flashlog, "admin", is_superuser=True)


@pytest.fixture
def admin(client: Client, token: str) -> Caller:
    return Caller(client, token)


@pytest.fixture
def people(flashlog: Flashlog, client: Client) -> People:
    return People(flashlog, client)


@pytest.fixture
def mine(flashlog: Flashlog) -> UUID:
    """An organization, for what its own people may do and others may not."""
    return examples.organization(flashlog, "mine")


@pytest.fixture
def theirs(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "theirs")


@pytest.fixture
def manager(people: People, mine: UUID) -> Caller:
    return people.administrator(mine)


def token_for(flashlog: Flashlog, name: str, *, is_superuser: bool) -> str:
    user_id = add_user(
        flashlog, username=name, password="tester", is_superuser=is_superuser
    )
    return token_of(flashlog, user_id=user_id)


def id_of(flashlog: Flashlog, name: str) -> UUID:
    return find_user(flashlog, name).id
