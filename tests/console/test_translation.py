"""Every text of the console can be translated: proved by a language of brackets."""

import subprocess
import sys
from gettext import NullTranslations
from html.parser import HTMLParser
from pathlib import Path

import pytest

from tests.console.pages import Browser
from web.console import texts

_ROOT = Path(__file__).resolve().parents[2]
_SILENT = {"script", "style", "code", "pre"}
# Names are the same in every language.
_NAMES = {"Flashlog", "·"}


class _Brackets(NullTranslations):
    """A language in which everything is said in brackets."""

    def gettext(self, message: str) -> str:
        return f"[{message}]"

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return f"[{msgid1 if n == 1 else msgid2}]"


class _Untranslated(HTMLParser):
    """Finds words that stand outside of brackets, also in what is read out."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._within: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _SILENT:
            self._within.append(tag)
        for name, value in attrs:
            if name in {"aria-label", "placeholder", "title", "alt"} and value:
                self._judge(value)

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()

    def handle_data(self, data: str) -> None:
        if not self._within:
            self._judge(data)

    def _judge(self, text: str) -> None:
        outside, depth = "", 0
        for each in text:
            depth += {"[": 1, "]": -1}.get(each, 0)
            outside += each if depth == 0 and each != "]" else ""
        words = [word for word in outside.split() if any(c.isalpha() for c in word)]
        self.found += [word for word in words if word not in _NAMES]


@pytest.fixture
def _in_brackets(monkeypatch: pytest.MonkeyPatch) -> None:
    brackets = _Brackets()
    monkeypatch.setattr(texts, "_catalogue", lambda _: brackets)


@pytest.mark.usefixtures("_in_brackets")
@pytest.mark.parametrize(
    "path",
    ["/admin/login/", "/history/?type=Batch", "/nowhere/", "/devices/", "/operations/"],
)
def test_no_word_of_a_page_is_in_english_only(admin: Browser, path: str) -> None:
    page = admin.get(path).get_data(as_text=True)
    judge = _Untranslated()
    judge.feed(page)
    assert [word for word in judge.found if not word.startswith("user-")] == []


def test_the_words_of_all_pages_can_be_collected(tmp_path: Path) -> None:
    collected = tmp_path / "flashlog.pot"
    command = [sys.executable, "-m", "babel.messages.frontend", "--quiet", "extract"]
    command += ["--mapping", "pyproject.toml", "--keyword", "marked"]
    subprocess.run([*command, "--output", collected, "web"], cwd=_ROOT, check=True)
    text = collected.read_text()
    for words in ("Skip to the content", "Overview", "%(num)s device"):
        assert f'"{words}"' in text
