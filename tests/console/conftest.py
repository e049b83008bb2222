"""The console in Debian's Chromium, and without a browser where that is enough."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from application.commands.users import add_user
from tests.console.city import City, a_city
from tests.console.visitor import Visitor

_CHROMIUM = shutil.which("chromium")
_NO_SANDBOX = ["--no-sandbox"] if os.geteuid() == 0 else []


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Give the browser; without it these tests are skipped."""
    if _CHROMIUM is None:
        pytest.skip("no Chromium: make test-tools installs it")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_CHROMIUM, args=_NO_SANDBOX
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a running service that knows a few simulated routers."""
    with a_city(tmp_path_factory.mktemp("city")) as made:
        add_user(made.flashlog, username="admin", password="tester", is_superuser=True)
        made.flashlog.show(made.flashlog.log.end())
        yield made


@pytest.fixture
def visitor(chromium: Browser, city: City) -> Iterator[Visitor]:
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
