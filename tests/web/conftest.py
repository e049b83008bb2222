from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient

from application import passwords
from application.commands.users import add_user, find_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
from tests.web.judging import judged
from tests.web.people import Caller, People
from web.app import create_app

__all__ = ["API", "Caller", "id_of", "token_for"]

API = "/api/v1/firmware-upgrader"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path, request_rate_limit="off", token_rate_limit="off")


@pytest.fixture
def flashlog(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flashlog]:
    # What a password costs to check is not what these tests are about.
    monkeypatch.setattr(passwords, "_SCRYPT", {"n": 16, "r": 8, "p": 1})
    made = Flashlog(settings)
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture(autouse=True)
def _described(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no test pass whose answers are not as the interface describes them."""
    with judged(monkeypatch):
        yield


@pytest.fixture
def client(flashlog: Flashlog) -> FlaskClient:
    return create_app(flashlog).test_client()


@pytest.fixture
def anybody(client: FlaskClient) -> Caller:
    return Caller(client)


@pytest.fixture
def token(flashlog: Flashlog) -> str:
    return token_for(flashlog, "admin", is_superuser=True)


@pytest.fixture
def admin(client: FlaskClient, token: str) -> Caller:
    return Caller(client, token)


@pytest.fixture
def people(flashlog: Flashlog, client: FlaskClient) -> People:
    return People(flashlog, client)


def token_for(flashlog: Flashlog, name: str, *, is_superuser: bool) -> str:
    user_id = add_user(
        flashlog, username=name, password="tester", is_superuser=is_superuser
    )
    return token_of(flashlog, user_id=user_id)


def id_of(flashlog: Flashlog, name: str) -> UUID:
    return find_user(flashlog, name).id
