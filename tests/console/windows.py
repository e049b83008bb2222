"""Windows of people who are signed in already."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser as Chromium

from application.commands.users import find_user
from tests.console.city import City
from tests.console.pages import Browser
from tests.console.visitor import Visitor


@contextmanager
def somebody(chromium: Chromium, city: City, **window: Any) -> Iterator[Visitor]:
    """Let in a superuser without the cost of checking a password."""
    admin = find_user(city.flashlog, "admin")
    cookie = Browser(city.flashlog, admin.id).client.get_cookie("sessionid")
    assert cookie is not None
    with Visitor.of(chromium, city.service.url, **window) as visitor:
        session = {"name": "sessionid", "value": cookie.value, "url": visitor.url}
        visitor.page.context.add_cookies([session])  # type: ignore[list-item]
        yield visitor
