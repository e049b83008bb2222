"""A page that stays open while the world around it changes."""

import re

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from application.commands.builds import create_build
from application.commands.categories import create_category
from application.commands.deletion import delete_build
from application.commands.device_lifecycle import deactivate_device, delete_device
from tests.console.city import City
from tests.console.visitor import Visitor
from tests.console.windows import somebody
from tests.web import examples

# The page was made when the log was longer than it is now.
_FROM_BEFORE = """
new MutationObserver((_, observer) => {
  if (!document.body) return;
  document.body.dataset.position = 987654321;
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
_OF_SOCKETS = re.compile("WebSocket|status of 40")


def _forget_refusals(visitor: Visitor) -> None:
    """Let what the browser itself says of refused requests be no complaint."""
    visitor.complaints[:] = [
        said for said in visitor.complaints if not _OF_SOCKETS.search(said)
    ]


def test_who_is_logged_out_meanwhile_is_asked_to_sign_in(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        page = visitor.open("/")
        expect(page.locator("#connection")).to_have_text("Live")
        page.context.clear_cookies()
        create_category(city.flashlog, name="made meanwhile")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        _forget_refusals(visitor)


def test_a_page_about_something_deleted_says_so(chromium: Chromium, city: City) -> None:
    device_id = examples.device(city.flashlog)
    with somebody(chromium, city) as visitor:
        page = visitor.open(f"/devices/{device_id}/")
        expect(page.locator("#connection")).to_have_text("Live")
        deactivate_device(city.flashlog, device_id)
        delete_device(city.flashlog, device_id)
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()
        _forget_refusals(visitor)


def test_what_is_done_too_late_is_not_shown_as_done(
    chromium: Chromium, city: City
) -> None:
    category_id = create_category(city.flashlog, name="too late")
    build_id = create_build(city.flashlog, category_id=category_id, version="1.0")
    with somebody(chromium, city) as visitor:
        page = visitor.open(f"/firmware/builds/{build_id}/")
        delete_build(city.flashlog, build_id)
        page.get_by_role("link", name="Delete").click()
        expect(page.get_by_role("heading", name="Not found")).to_be_visible()

        build_id = create_build(city.flashlog, category_id=category_id, version="1.0")
        page = visitor.open(f"/firmware/builds/{build_id}/")
        page.context.clear_cookies()
        page.get_by_label("Image file").set_input_files(
            {"name": "a.bin", "mimeType": "", "buffer": b"image"}
        )
        row = page.get_by_role("list", name="Uploads").get_by_role("listitem")
        expect(row.get_by_role("button", name="Try again")).to_be_visible()
        _forget_refusals(visitor)


def test_a_log_that_was_restored_meanwhile_is_followed_again(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        visitor.page.add_init_script(_FROM_BEFORE)
        page = visitor.open("/")
        expect(page.locator("#connection")).to_have_text("Live", timeout=15_000)
        _forget_refusals(visitor)
