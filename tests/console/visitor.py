"""Somebody with a browser, who notices everything that a good page never does."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect

DESKTOP = (1280, 800)
PHONE = (390, 844)
# WCAG 2.2 AA, and what else axe has found to be good.
AXE_OPTIONS = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
# A machine may have much else to do; what comes sooner is seen sooner.
_LIMIT_MS = 20_000
expect.set_options(timeout=_LIMIT_MS)


class Visitor:
    """A window on the console. `complaints` are errors, and requests to elsewhere."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.url = url
        self.page: Page = context.new_page()
        self.page.set_default_timeout(_LIMIT_MS)
        self.complaints: list[str] = []
        self._host = urlsplit(url).netloc
        self.page.on("console", lambda said: self._hear(said.type, said.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        context.on("request", self._note)

    @classmethod
    @contextmanager
    def of(
        cls,
        browser: Browser,
        url: str,
        *,
        size: tuple[int, int] = DESKTOP,
        scheme: Literal["light", "dark"] = "light",
        scripts: bool = True,
        **more: Any,
    ) -> Iterator[Self]:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=scheme,
            java_script_enabled=scripts,
            locale="en-GB",
            timezone_id="Europe/Rome",
            **more,
        )
        try:
            visitor = cls(context, url)
            yield visitor
            assert not visitor.complaints
        finally:
            context.close()

    def open(self, path: str) -> Page:
        self.page.goto(self.url + path)
        return self.page

    def sign_in(self, name: str, password: str) -> None:
        page = self.open("/admin/login/")
        page.get_by_label("User name").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(lambda url: "/admin/login/" not in url)

    def require_accessible(self) -> None:
        """Fail with every violation of WCAG 2.2 AA that axe finds."""
        found = Axe().run(self.page, options=AXE_OPTIONS)
        assert not found.response["violations"], found.generate_report()

    def picture(self, directory: Path, name: str) -> None:
        self.page.screenshot(path=directory / f"{name}.png", full_page=True)

    def _hear(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"}:
            self.complaints.append(text)

    def _note(self, request: Request) -> None:
        asked = urlsplit(request.url)
        if (
            asked.scheme in {"http", "https", "ws", "wss"}
            and asked.netloc != self._host
        ):
            self.complaints.append(f"asked {request.url}")
