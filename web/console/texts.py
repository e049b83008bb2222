"""The words of the console in the language of whoever looks at it.

Everything is written in English. A translation is a catalogue of gettext below
`web/translations`, chosen by what the browser says it prefers.
"""

import re
from collections.abc import Callable
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path
from typing import Any, cast

from flask import Flask, has_request_context, request
from jinja2 import pass_context
from jinja2.runtime import Context

_DIRECTORY = Path(__file__).resolve().parents[1] / "translations"
_DOMAIN = "flashlog"
SOURCE_LANGUAGE = "en"
# What is written from right to left, and the marks that turn the direction around.
_TURNING = re.compile(
    "[\u0590-\u08ff\u200e\u200f\u202a-\u202e\u2066-\u2069\ufb1d-\ufdff\ufe70-\ufefc]"
)
_ISOLATES = re.compile("[\u2066-\u2069]")


def init_app(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    known = cast("dict[str, Callable[..., str]]", app.jinja_env.globals)
    for name in ("gettext", "ngettext"):
        known[name] = _isolating(known[name])
    app.jinja_env.globals["language"] = language
    app.add_template_filter(isolated)


def marked(text: str) -> str:
    """Mark words for translation that are looked up later."""
    return text


def gettext(text: str) -> str:
    return _catalogue(language()).gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    return _catalogue(language()).ngettext(one, many, number)


def isolated(value: Any) -> Any:
    """Keep a name that turns the direction of writing from turning what is beside it.

    A first strong isolate and its end (Unicode, UAX 9) are put around it; what could
    end that earlier is left out. Anything else is returned as it is.
    """
    if not isinstance(value, str) or not _TURNING.search(value):
        return value
    # Of markup that is markup again.
    return type(value)(f"\u2068{_ISOLATES.sub('', value)}\u2069")


def as_typed(text: str) -> str:
    """Return a name as it was typed, or copied from where it stands isolated."""
    return text.strip().removeprefix("\u2068").removesuffix("\u2069")


def _isolating(translated: Callable[..., str]) -> Callable[..., str]:
    """Have everything that is put into sentences isolated."""

    @pass_context
    def told(context: Context, *words: Any, **variables: Any) -> str:
        kept = {name: isolated(each) for name, each in variables.items()}
        return translated(context, *words, **kept)

    return told


def language() -> str:
    """Return the language that the browser prefers of those that there are."""
    if not has_request_context():
        return SOURCE_LANGUAGE
    found = request.accept_languages.best_match(languages())
    return found or SOURCE_LANGUAGE


@cache
def languages() -> tuple[str, ...]:
    """Return the languages that there are catalogues of, English first."""
    found = sorted(each.parents[1].name for each in _DIRECTORY.glob("*/*/*.mo"))
    return (SOURCE_LANGUAGE, *found)


@cache
def _catalogue(of_language: str) -> NullTranslations:
    return translation(_DOMAIN, _DIRECTORY, [of_language], fallback=True)
