"""Devices in a browser: many are chosen at once, and every page can be read by all."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from tests.console.city import City
from tests.console.visitor import PHONE, Visitor
from tests.console.windows import somebody


@pytest.fixture
def person(chromium: Chromium, city: City) -> Iterator[Visitor]:
    with somebody(chromium, city, scheme="dark") as visitor:
        yield visitor


def test_many_are_chosen_and_checked_together(
    person: Visitor, city: City, pictures: Path
) -> None:
    page = person.open("/devices/")
    boxes = page.get_by_role("checkbox", name=re.compile("^Choose "))
    page.get_by_label("All on this page").check()
    expect(boxes.last).to_be_checked()
    boxes.last.uncheck()
    expect(page.get_by_label("All on this page")).not_to_be_checked()
    page.get_by_label("All on this page").check()
    page.get_by_label("All on this page").uncheck()
    boxes.nth(0).check()
    boxes.nth(1).check()
    person.picture(pictures, "devices-dark")
    page.get_by_label("What to do with the chosen devices").select_option("check")
    page.get_by_role("button", name="Go on").click()
    expect(page.get_by_role("heading", name="Check 2 devices?")).to_be_visible()
    page.get_by_role("button", name="Check").click()
    expect(page.get_by_text("2 of 2 were visited.")).to_be_visible(timeout=20_000)


def test_all_that_match_can_be_chosen_without_scripts(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city, scripts=False, size=PHONE) as visitor:
        page = visitor.open("/devices/?text=roof-000")
        expect(page.get_by_label("All on this page")).to_be_hidden()
        page.get_by_label("All 1 that match").check()
        page.get_by_label("What to do with the chosen").select_option("deactivate")
        page.get_by_role("button", name="Go on").click()
        heading = page.get_by_role("heading", name="Take 1 device out of service?")
        expect(heading).to_be_visible()
        page.get_by_role("link", name="Back").click()
        expect(page.get_by_role("row", name=re.compile("roof-000"))).to_be_visible()
