"""Draw the pictures of docs/ from a real run: `python -m tests.console.pictures`."""

import os
import re
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

import msgspec
from playwright.sync_api import Browser, sync_playwright

from application.commands.batches import Wish, start_batch
from application.commands.builds import change_build
from application.commands.device_changes import change_device
from application.commands.users import add_user, find_user
from domain.catalogue import FirmwareImage
from domain.operation.words import Status
from tests.application.stock import ROOT
from tests.console.city import City, a_city
from tests.console.visitor import Visitor
from tests.fleet import town
from tests.fleet.cases import CASES
from tests.fleet.town import spread

_DOCS = Path(__file__).resolve().parents[2] / "docs"
_PLACES = ("roof", "harbour", "mill", "church", "school", "bridge", "tower", "market")
_SIZE = (1280, 860)
_SOME_DONE = re.compile(r"\d{2} success")
# Slow enough that much is on its way at the same moment.
_SLOW = {"reboot_seconds": 5.0, "write_seconds": 1.5}


def main() -> None:
    town.SETUP.update(_SLOW)
    wrong = [each for each in CASES if each.verdict in {Status.FAILED, Status.ABORTED}]
    cases = tuple(spread(wrong, count=64, each=1))
    with (
        TemporaryDirectory() as directory,
        a_city(Path(directory), cases) as city,
        sync_playwright() as playwright,
    ):
        _name(city)
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox"] if os.geteuid() == 0 else [],
        )
        _draw(city, browser)
        browser.close()


def _draw(city: City, browser: Browser) -> None:
    with Visitor.of(browser, city.service.url, size=_SIZE) as visitor:
        visitor.sign_in("maria", "tester")
        batch_id = _start(city)
        page = visitor.open(f"/mass-upgrades/{batch_id}/")
        page.get_by_text(_SOME_DONE).first.wait_for(timeout=60_000)
        _picture(visitor, "console-mass-upgrade")
        visitor.open("/")
        page.wait_for_timeout(500)
        _picture(visitor, "console-overview")
        page.goto(f"{visitor.url}/mass-upgrades/{batch_id}/?status=failed")
        page.locator("tbody a[href^='/operations/']").first.click()
        page.get_by_role("heading", name="Evidence").wait_for()
        page.wait_for_timeout(500)
        _picture(visitor, "console-operation")


def _start(city: City) -> UUID:
    maria = find_user(city.flashlog, "maria").id
    account = msgspec.structs.replace(ROOT, user_id=maria)
    return start_batch(city.flashlog, account, build_id=city.town.build_id, wish=Wish())


def _name(city: City) -> None:
    """Give everything the names that it has in a real town."""
    flashlog = city.flashlog
    add_user(flashlog, username="maria", password="tester", is_superuser=True)
    old_build_id = flashlog.log.get(FirmwareImage, city.town.old_image_id).build_id
    change_build(flashlog, old_build_id, {"version": "22.03.7"})
    change_build(flashlog, city.town.build_id, {"version": "24.10.0"})
    for number, device_id in enumerate(city.town.device_ids):
        name = f"{_PLACES[number % len(_PLACES)]}-{number // len(_PLACES) + 1}"
        change_device(flashlog, device_id, {"name": name, "location_id": None})


def _picture(visitor: Visitor, name: str) -> None:
    visitor.page.screenshot(path=_DOCS / f"{name}.png")


if __name__ == "__main__":
    main()
