"""Looking at a page in every form: light and dark, on a desktop and on a phone."""

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

import msgspec
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Page, ViewportSize

from tests.console.showroom.opened import Opened
from tests.console.showroom.scenes import Scene
from tests.console.visitor import AXE_OPTIONS, DESKTOP, PHONE, Visitor

_QUALITY = 80
# The console of a browser repeats the status of every refusal.
_STATUS = "Failed to load resource: the server responded with a status of"
_WIDER = "() => document.documentElement.scrollWidth - innerWidth"
_JUDGE = """options => axe.run(document, options).then(found => found.violations.map(
    each => `${each.id}: ${each.nodes.map(node => node.html).join("\\n")}`))"""
# What colours and widths may change.
_RULES_OF_LOOKS = ["color-contrast", "target-size", "link-in-text-block"]


class Form(msgspec.Struct, frozen=True):
    """A scheme of colours and a screen."""

    scheme: Literal["light", "dark"]
    screen: Literal["desktop", "phone"]

    def take(self, page: Page) -> None:
        width, height = DESKTOP if self.screen == "desktop" else PHONE
        page.emulate_media(color_scheme=self.scheme)
        page.set_viewport_size(ViewportSize(width=width, height=height))


# In this order as little as possible changes from one to the next.
FORMS = (
    Form("light", "desktop"),
    Form("dark", "desktop"),
    Form("dark", "phone"),
    Form("light", "phone"),
)
# By which rules axe judges: by all, and then by those that have to do with looks.
_JUDGED = {FORMS[0]: AXE_OPTIONS, FORMS[2]: {**AXE_OPTIONS, "runOnly": _RULES_OF_LOOKS}}


class Looker:
    """Somebody who looks at scenes one after the other; `found` is what is wrong."""

    def __init__(self, visitor: Visitor, directory: Path) -> None:
        self._visitor = visitor
        self._page = visitor.page
        self._directory = directory
        self.found: list[str] = []

    def look(self, scene: Scene) -> None:
        """Look in all forms, judging two of them by axe."""
        FORMS[0].take(self._page)
        answer = self._page.goto(self._visitor.url + scene.path)
        assert answer is not None
        if not scene.press and answer.status != scene.status:
            self.found.append(f"{scene.name}: answered {answer.status}")
        scene.prepare(self._page)
        for form in FORMS:
            form.take(self._page)
            where = f"{scene.name}, {form.scheme}, {form.screen}"
            if self._page.evaluate(_WIDER) > 0:
                self.found.append(f"{where}: the page scrolls sideways")
            if form in _JUDGED:
                self.found += [f"{where}: {each}" for each in self._violations(form)]
            self._keep(scene, form)
        self._hear(scene)

    def _violations(self, form: Form) -> list[str]:
        if self._page.evaluate("() => typeof axe") == "undefined":
            self._page.evaluate(Axe().axe_script)
        violations: list[str] = self._page.evaluate(_JUDGE, _JUDGED[form])
        return violations

    def _keep(self, scene: Scene, form: Form) -> None:
        name = f"{scene.name}.{form.scheme}.{form.screen}.jpg"
        self._page.screenshot(
            path=self._directory / name, type="jpeg", quality=_QUALITY
        )

    def _hear(self, scene: Scene) -> None:
        said = [each for each in self._visitor.complaints if _STATUS not in each]
        self.found += [f"{scene.name}: {each}" for each in said]
        self._visitor.complaints.clear()


def everything_wrong(
    shown: Opened, chromium: Chromium, scenes: Iterable[Scene], directory: Path
) -> list[str]:
    """Look at scenes and keep pictures of them; returns what is wrong with them."""
    by_who = defaultdict(list)
    for scene in scenes:
        by_who[scene.who].append(scene)
    found = []
    for who, all_of_them in by_who.items():
        with shown.visitor(chromium, who) as visitor:
            looking = Looker(visitor, directory)
            for scene in all_of_them:
                looking.look(scene)
            found += looking.found
    return found
