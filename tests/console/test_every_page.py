"""Every page there is, in every form: judged by axe, never wider than its screen, kept.

What the pages look like is in screenshots/ afterwards, for people to judge.
"""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from werkzeug.exceptions import NotFound

from tests.console.showroom.looking import everything_wrong
from tests.console.showroom.opened import Opened, opened
from tests.console.showroom.scenes import SECTIONS, SIGN_IN, scenes
from tests.console.walk import rules


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(tmp_path_factory.mktemp("showroom")) as made:
        yield made


def test_no_page_is_forgotten(shown: Opened) -> None:
    """A page that is new must be among the scenes."""
    urls = shown.app.url_map.bind("")
    seen = set()
    for scene in scenes(shown):
        with suppress(NotFound):
            rule, _ = urls.match(scene.path.partition("?")[0], return_rule=True)
            seen.add(rule.rule)
    assert {*rules(shown.app), SIGN_IN} - seen == set()


def test_names_of_scenes_are_told_apart(shown: Opened) -> None:
    names = [scene.name for scene in scenes(shown)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_page_is_good_in_every_form(
    shown: Opened, chromium: Chromium, pictures: Path, section: str
) -> None:
    assert everything_wrong(shown, chromium, SECTIONS[section](shown), pictures) == []
