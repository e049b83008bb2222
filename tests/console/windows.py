"""Windows of people who are signed in already."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page

from application.commands.users import find_user
from tests.console.city import City
from tests.console.pages import Browser
from tests.console.visitor import Visitor


@contextmanager
def somebody(chromium: Chromium, city: City, **window: Any) -> Iterator[Visitor]:
    """Let in a superuser without the cost of checking a password."""
    with Visitor.of(chromium, city.service.url, **window) as visitor:
        let_in(visitor.page, city)
        yield visitor


def let_in(page: Page, city: City) -> None:
    """Give a window the session of a superuser, a new one."""
    admin = find_user(city.flashlog, "admin")
    cookie = Browser(city.flashlog, admin.id).client.get_cookie("sessionid")
    assert cookie is not None
    session = {
        "name": "sessionid",
        "value": cookie.value,
        "url": city.service.url,
    }
    page.context.add_cookies([session])  # type: ignore[list-item]
