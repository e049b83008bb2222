"""What people live through with an upgrade, in a browser, on a running service."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, expect

from application.commands.operations import start_upgrade
from application.commands.users import add_user
from application.simulation import faults
from application.simulation.faults import Fault
from tests.console.city import City, a_city
from tests.console.visitor import PHONE, Visitor
from tests.console.windows import somebody
from tests.fleet.cases import GOOD
from tests.procedure.world import NEW_RELEASE
from tests.web.serving import eventually

_LOW_MEMORY = faults.LowMemory(recoverable=False)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a service of our own, whose uploads take long enough to be seen."""
    directory = tmp_path_factory.mktemp("slow-city")
    settings = {"upload_bytes_per_second_max": 100_000, "retries_max": 100}
    with a_city(directory, (GOOD,) * 7, **settings) as made:
        add_user(made.flashlog, username="admin", password="tester", is_superuser=True)
        made.flashlog.show(made.flashlog.log.end())
        yield made


@pytest.fixture
def person(chromium: Chromium, city: City) -> Iterator[Visitor]:
    with somebody(chromium, city) as visitor:
        yield visitor


def _image_id(city: City) -> UUID:
    (found,) = [
        row for row in city.flashlog.views.all("image") if row["release"] == NEW_RELEASE
    ]
    return UUID(found["id"])


def _start(city: City, *wrong: Fault) -> tuple[UUID, UUID]:
    """Start an upgrade of a router with faults; returns ids of device and operation."""
    device_id = city.device()
    city.town.router_of(device_id).inject(*wrong)
    image_id = _image_id(city)
    begun = start_upgrade(city.flashlog, device_id=device_id, image_id=image_id)
    return device_id, begun


def _status(page: Page) -> str:
    return page.locator(".heading .status").inner_text()


def test_from_the_device_over_a_check_to_live_progress_and_success(
    person: Visitor, city: City, pictures: Path
) -> None:
    device_id = city.device()
    page = person.open(f"/devices/{device_id}/")
    page.get_by_role("link", name="Upgrade", exact=True).click()
    expect(page.get_by_text("Nothing is known of the device yet")).to_be_visible()
    page.get_by_role("button", name="Check it now").click()
    expect(page.get_by_text("Ready for an upgrade.")).to_be_visible()
    person.picture(pictures, "device-check")
    page.get_by_role("link", name=re.compile("Upgrade to 2")).click()
    expect(page.get_by_label(re.compile(f"OpenWrt 2.*{NEW_RELEASE}"))).to_be_checked()
    person.picture(pictures, "device-upgrade")
    page.get_by_role("button", name="Start the upgrade").click()
    expect(page.locator("#doing")).to_contain_text(re.compile(r"KiB/s .* left"))
    person.picture(pictures, "operation-uploading")
    bar = page.get_by_role("progressbar", name="Progress of the upgrade")
    seen = int(bar.get_attribute("value") or 0)
    expect(bar).not_to_have_attribute("value", str(seen))
    assert int(bar.get_attribute("value") or 0) > seen
    expect(page.locator(".heading .status")).to_have_text("success")
    expect(page.locator("#next")).to_contain_text("No action is required")
    expect(page.locator("#step-uploading")).to_have_class("done")
    expect(page.get_by_text("Proved by new boot id and revision.")).to_be_visible()
    person.picture(pictures, "operation-success")
    assert city.town.router_of(device_id).flashes == 1


def test_a_cancel_in_time_leaves_the_router_untouched(
    person: Visitor, city: City, pictures: Path
) -> None:
    device_id, operation_id = _start(city)
    router = city.town.router_of(device_id)
    eventually(lambda: bool(router.files_in_tmp() - {"flashlog"}))
    # The upload does not get on until somebody has decided.
    router.cut_network()
    page = person.open(f"/devices/{device_id}/")
    page.get_by_role("link", name=re.compile("^Cancel")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("No firmware changes are made")
    person.require_accessible()
    person.picture(pictures, "operation-cancel")
    dialog.get_by_role("button", name="Cancel the upgrade").click()
    expect(page).to_have_url(re.compile(f"/operations/{operation_id}/"))
    expect(page.get_by_text("nothing was or will be flashed")).to_be_visible()
    assert _status(page) == "cancelled"
    expect(page.locator("#owing")).to_contain_text("Still owed to the router:")
    expect(page.locator(".owed .open")).not_to_have_count(0)
    router.restore_network()
    expect(page.locator(".owed .open")).to_have_count(0)
    expect(page.locator("#next")).to_contain_text("Nothing was changed on the router")
    assert router.flashes == 0
    assert router.files_in_tmp() <= {"flashlog"}


def test_after_the_flash_has_begun_cancel_is_greyed_and_says_why(
    person: Visitor, city: City, pictures: Path
) -> None:
    device_id, operation_id = _start(city, faults.NeverBack())
    router = city.town.router_of(device_id)
    page = person.open(f"/operations/{operation_id}/")
    cancel = page.get_by_role("button", name="Cancel")
    expect(cancel).to_have_attribute("aria-disabled", "true")
    expect(page.get_by_text("too late: the flash has begun")).to_be_visible()
    person.picture(pictures, "operation-flashing")
    person.open(f"/operations/{operation_id}/cancel/")
    expect(page.get_by_text("It is too late: the flash has begun.")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel the upgrade")).to_have_count(0)
    person.open(f"/operations/{operation_id}/")
    # Somebody pulls the plug and puts it in again.
    router.reboot()
    expect(page.locator(".heading .status")).to_have_text("success")
    assert router.flashes == 1


@pytest.mark.parametrize(
    ("wrong", "reason", "advice"),
    [
        (faults.WrongUuid(), "This is another router", "Verify the correct device"),
        (_LOW_MEMORY, "not enough memory", "Ensure the device has sufficient memory"),
    ],
    ids=["wrong uuid", "low memory"],
)
def test_an_abort_says_why_and_what_to_do(
    person: Visitor,
    city: City,
    pictures: Path,
    wrong: Fault,
    reason: str,
    advice: str,
) -> None:
    device_id, operation_id = _start(city, wrong)
    page = person.open(f"/operations/{operation_id}/")
    expect(page.locator(".heading .status")).to_have_text("aborted")
    expect(page.locator("#doing")).to_contain_text(reason)
    expect(page.locator("#next")).to_contain_text(advice)
    person.picture(pictures, f"operation-aborted-{type(wrong).__name__}")
    assert city.town.router_of(device_id).flashes == 0


def test_a_failure_after_the_flash_says_what_to_do_and_is_tried_again(
    person: Visitor, city: City, pictures: Path
) -> None:
    device_id, operation_id = _start(city, faults.BackWithOldFirmware())
    page = person.open(f"/operations/{operation_id}/")
    expect(page.locator(".heading .status")).to_have_text("failed")
    expect(page.locator("#doing")).to_contain_text("came back with the old firmware")
    expect(page.locator("#next")).to_contain_text("runs what it ran before")
    expect(page.locator("#step-verifying")).to_have_class("stopped")
    person.picture(pictures, "operation-failed")
    city.town.router_of(device_id).clear_faults()
    page.get_by_role("link", name="Try again").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Start the upgrade").click()
    page.wait_for_url(lambda url: str(operation_id) not in url)
    expect(page.get_by_role("link", name="an earlier upgrade")).to_have_attribute(
        "href", f"/operations/{operation_id}/"
    )
    expect(page.locator(".heading .status")).to_have_text("success")


def test_the_slider_shows_an_operation_as_it_was(
    chromium: Chromium,
    person: Visitor,
    city: City,
    pictures: Path,
) -> None:
    _, operation_id = _start(city, _LOW_MEMORY)
    path = f"/operations/{operation_id}/"
    page = person.open(path)
    expect(page.locator(".heading .status")).to_have_text("aborted")
    expect(page.locator(".owed .settled")).not_to_have_count(0)
    slider = page.get_by_role("slider")
    slider.focus()
    slider.press("Home")
    expect(page.get_by_text("As it was at")).to_be_visible()
    expect(page.locator("#step-queued")).to_have_class("current")
    assert _status(page) == "in progress"
    assert page.url.endswith("?at=1")
    expect(page.get_by_role("link", name="Try again")).to_have_count(0)
    person.picture(pictures, "operation-replay")
    slider.press("End")
    expect(page.get_by_text("As it was at")).to_have_count(0)
    assert _status(page) == "aborted"
    window: dict[str, Any] = {"size": PHONE, "scheme": "dark", "scripts": False}
    with somebody(chromium, city, **window) as plain:
        page = plain.open(f"{path}?at=5")
        expect(page.get_by_text("As it was at")).to_be_visible()
        page.get_by_role("link", name="Previous").click()
        assert page.url.endswith("?at=4")
        plain.picture(pictures, "operation-replay-phone-dark")
