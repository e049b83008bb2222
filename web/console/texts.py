"""The words of the console in the language of whoever looks at it.

Everything is written in English. A translation is a catalogue of gettext below
`web/translations`, chosen by what the browser says it prefers.
"""

from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from flask import Flask, has_request_context, request

_DIRECTORY = Path(__file__).resolve().parents[1] / "translations"
_DOMAIN = "flashlog"
SOURCE_LANGUAGE = "en"


def init_app(app: Flask) -> None:
    app.jinja_env.add_extension("jinja2.ext.i18n")
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext, ngettext, newstyle=True
    )
    app.jinja_env.globals["language"] = language


def marked(text: str) -> str:
    """Mark words for translation that are looked up later."""
    return text


def gettext(text: str) -> str:
    return _catalogue(language()).gettext(text)


def ngettext(one: str, many: str, number: int) -> str:
    return _catalogue(language()).ngettext(one, many, number)


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
