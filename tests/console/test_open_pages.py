"""A page that stays open while the world around it changes."""

import os
import re
import signal
from datetime import UTC, datetime, timedelta

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from application.commands.builds import create_build
from application.commands.categories import create_category
from application.commands.deletion import delete_build
from application.commands.device_lifecycle import deactivate_device, delete_device
from tests.console.city import City
from tests.console.visitor import Visitor
from tests.console.windows import let_in, somebody
from tests.web import examples

# The page was made when the log was longer than it is now.
_FROM_BEFORE = """
new MutationObserver((_, observer) => {
  if (!document.body) return;
  document.body.dataset.position = 987654321;
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""
_NOTES_WHAT_IS_SAID = """() => {
  const words = document.getElementById("connection");
  new MutationObserver(() => document.body.dataset.said += words.textContent)
    .observe(words, { childList: true, characterData: true, subtree: true });
}"""
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


def test_signing_out_in_one_tab_ends_the_other_too(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        page = visitor.open("/")
        expect(page.locator("#connection")).to_have_text("Live")
        other = page.context.new_page()
        other.goto(visitor.url + "/devices/")
        other.get_by_role("button", name="Sign out").click()
        # Nobody says anything to this one but the service, which closes its socket.
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        _forget_refusals(visitor)


def test_what_is_being_typed_outlives_the_session(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        page = visitor.open("/")
        expect(page.locator("#connection")).to_have_text("Live")
        # As a dialog is: a form on a page that moves.
        page.locator("form.leave").evaluate(
            "form => form.insertAdjacentHTML('beforeend', '<input aria-label=Why>')"
        )
        typed = page.get_by_label("Why")
        typed.fill("the masts freeze tonight")
        page.context.clear_cookies()
        create_category(city.flashlog, name="typed meanwhile")
        expect(page.locator("#connection")).to_contain_text("what you typed is still")
        expect(typed).to_have_value("the masts freeze tonight")
        _forget_refusals(visitor)


def test_a_form_that_outlived_its_session_is_sent_by_the_next(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        page = visitor.open("/firmware/categories/add/")
        page.get_by_label("Name", exact=True).fill("typed too late")
        page.context.clear_cookies()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", name="You are signed out")).to_be_visible()
        visitor.require_accessible()
        let_in(page, city)
        page.get_by_role("button", name="Send it again").click()
        expect(page.get_by_role("heading", name="Send it again?")).to_be_visible()
        page.get_by_role("button", name="Send it again").click()
        expect(page.get_by_role("heading", name="typed too late")).to_be_visible()
        _forget_refusals(visitor)


def test_times_are_told_by_the_clock_of_the_service(
    chromium: Chromium, city: City
) -> None:
    device_id = examples.device(city.flashlog)
    with somebody(chromium, city) as visitor:
        visitor.page.clock.set_fixed_time(datetime.now(UTC) + timedelta(hours=7))
        page = visitor.open(f"/devices/{device_id}/")
        registered = page.locator("#device time").first
        expect(registered).to_have_text(re.compile(r"second|minute|now"))


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


def test_a_page_comes_back_to_life_with_the_service(
    chromium: Chromium, city: City
) -> None:
    with somebody(chromium, city) as visitor:
        page = visitor.open("/history/?type=Category")
        connection = page.locator("#connection")
        expect(connection).to_have_text("Live")
        # The note may be there for a moment only.
        page.evaluate(_NOTES_WHAT_IS_SAID)
        os.kill(city.service.children()["web"], signal.SIGKILL)
        said = page.locator("body")
        expect(said).to_have_attribute("data-said", re.compile("Connection lost"))
        expect(connection).to_have_text("Live")
        create_category(city.flashlog, name="made after the restart")
        expect(page.get_by_text("made after the restart").first).to_be_visible()
        visitor.complaints.clear()
