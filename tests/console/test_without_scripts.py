"""The main story with JavaScript off: links and forms are enough."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from application.commands.users import add_user
from domain.device.device import Device
from tests.console.city import City, a_city
from tests.console.visitor import Visitor
from tests.fleet.cases import GOOD


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a service of our own: all of its routers are upgraded."""
    with a_city(tmp_path_factory.mktemp("quiet-city"), (GOOD,) * 2) as made:
        add_user(made.flashlog, username="admin", password="tester", is_superuser=True)
        made.flashlog.show(made.flashlog.log.end())
        yield made


def test_a_device_is_found_upgraded_and_cancelled_then_many_are_upgraded(
    chromium: Chromium, city: City
) -> None:
    device_id = city.device()
    name = city.flashlog.log.get(Device, device_id).name
    with Visitor.of(chromium, city.service.url, scripts=False) as visitor:
        visitor.sign_in("admin", "tester")
        page = visitor.page
        page.get_by_role("link", name="Devices", exact=True).click()
        page.get_by_label("Search").fill(name)
        page.get_by_role("button", name="Filter").click()
        page.get_by_role("link", name=name, exact=True).click()

        page.get_by_role("button", name="Check", exact=True).click()
        again = page.get_by_role("link", name="Look again")
        while again.count():
            again.click()
        page.get_by_role("link", name="Upgrade to").first.click()
        # The upgrade does not get on until somebody has decided.
        city.town.router_of(device_id).cut_network()
        page.get_by_role("button", name="Start the upgrade").click()
        page.get_by_role("link", name="Cancel").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Cancel")
        page.get_by_role("button", name="Cancel the upgrade").click()
        expect(page.get_by_text("Cancelled: nothing was or will be")).to_be_visible()

        page.get_by_role("link", name="Mass upgrades").click()
        page.get_by_role("link", name="New mass upgrade").first.click()
        page.get_by_label("Build").select_option(str(city.town.build_id))
        page.get_by_role("button", name="Show who it would be").click()
        expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
        page.get_by_role("button", name="Upgrade").click()
        expect(page.get_by_text("The mass upgrade was started.")).to_be_visible()
