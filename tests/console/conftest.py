"""The console in Debian's Chromium, and without a browser where that is enough."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import sync_playwright
from werkzeug.test import Client

from application import passwords
from application.commands.users import add_user
from application.flashlog import Flashlog
from application.queries import batch_progress
from application.settings import Settings
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.console.city import City, a_city
from tests.console.pages import Browser
from tests.console.streets import Streets
from tests.console.visitor import Visitor
from tests.tenancy.city import City as Crossing
from tests.web.over_http import CHEAP_SCRYPT
from tests.web.people import People

_CHROMIUM = shutil.which("chromium")
_NO_SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path, request_rate_limit="off"))
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture
def people(flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch) -> People:
    """Make accounts; nobody checks their passwords."""
    monkeypatch.setattr(passwords, "_SCRYPT", CHEAP_SCRYPT)
    return People(flashlog, Client(lambda *_: ()))


@pytest.fixture
def admin(flashlog: Flashlog, people: People) -> Browser:
    return Browser(flashlog, people.user(is_superuser=True))


@pytest.fixture(scope="package")
def chromium() -> Iterator[Chromium]:
    """Give the browser; without it these tests are skipped."""
    if _CHROMIUM is None:
        pytest.skip("no Chromium: make test-tools installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=_NO_SANDBOX
        )
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a running service that knows a few simulated routers.

    It ends with the tests of the console: where nothing happens it costs 2 % of a core.
    """
    with a_city(tmp_path_factory.mktemp("city")) as made:
        add_user(made.flashlog, username="admin", password="tester", is_superuser=True)
        made.flashlog.show(made.flashlog.log.end())
        yield made


@pytest.fixture
def visitor(chromium: Chromium, city: City) -> Iterator[Visitor]:
    """Give a superuser's browser window; it must see no error and ask no one else."""
    with Visitor.of(chromium, city.service.url) as visitor:
        visitor.sign_in("admin", "tester")
        yield visitor


@pytest.fixture(scope="session")
def pictures() -> Path:
    """Where screenshots are kept."""
    directory = Path(__file__).resolve().parents[2] / "screenshots"
    directory.mkdir(exist_ok=True)
    return directory


@pytest.fixture
def operator(flashlog: Flashlog, people: People) -> Browser:
    """Give one who may look and keep the inventory."""
    user_id = people.operator(DEFAULT_ORGANIZATION_ID).user_id
    assert user_id
    return Browser(flashlog, user_id)


@pytest.fixture(scope="module")
def streets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Streets]:
    """Give two organizations in one process, with things of every kind."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_SCRYPT", CHEAP_SCRYPT)
        # No page is to differ for the time that has passed.
        patch.setattr(batch_progress, "_PACE_SECONDS_MIN", 10**6)
        city = Crossing(tmp_path_factory.mktemp("streets"))
        yield Streets(city)
        city.flashlog.close()
