"""What holds for every page: who comes in, what is refused, how it looks and reads."""

from http import HTTPStatus

import pytest
from playwright.sync_api import Browser, expect

from tests.console.city import City
from tests.console.visitor import Visitor


def test_who_has_no_session_is_asked_to_sign_in_and_led_back(
    chromium: Browser, city: City
) -> None:
    with Visitor.of(chromium, city.service.url) as visitor:
        page = visitor.open("/?a=b")
        expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
        page.get_by_label("User name").fill("admin")
        page.get_by_label("Password").fill("tester")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", name="Overview")).to_be_visible()
        assert page.url.endswith("/?a=b")


def test_who_signs_out_is_asked_to_sign_in(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("path", ["/no-such-page/"])
def test_a_path_that_there_is_not_is_a_page_that_leads_back(
    chromium: Browser, city: City, path: str
) -> None:
    with Visitor.of(chromium, city.service.url) as visitor:
        visitor.sign_in("admin", "tester")
        answer = visitor.page.goto(city.service.url + path)
        assert answer is not None
        assert answer.status == HTTPStatus.NOT_FOUND
        # Chromium itself says on its console that this was a 404.
        assert len(visitor.complaints) == 1
        visitor.complaints.clear()
