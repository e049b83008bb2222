"""How the console refuses: a page that says what is wrong and where to go."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, g, request
from werkzeug.exceptions import HTTPException, NotFound

from application.errors import InvalidError
from web import errors
from web.answers import AnswerError
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import marked

# What people are told first; the sentences say the rest.
_HEADINGS: Mapping[HTTPStatus, str] = {
    HTTPStatus.BAD_REQUEST: marked("This cannot be done"),
    HTTPStatus.FORBIDDEN: marked("Not allowed"),
    HTTPStatus.NOT_FOUND: marked("Not found"),
    HTTPStatus.METHOD_NOT_ALLOWED: marked("This cannot be done"),
    HTTPStatus.CONFLICT: marked("Not possible now"),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: marked("Too big"),
    HTTPStatus.TOO_MANY_REQUESTS: marked("Too often"),
    HTTPStatus.SERVICE_UNAVAILABLE: marked("Not available just now"),
    HTTPStatus.INSUFFICIENT_STORAGE: marked("No room left"),
}
_GONE = marked(
    "It was deleted, it was never there, or it belongs to an organization that you do"
    " not manage."
)
_ELSE = marked("Something went wrong")


def init_app(app: Flask) -> None:
    app.register_error_handler(NotFound, _no_such_path)


def answer_for(section: Blueprint) -> None:
    """Answer every exception of these pages with a page."""
    for kind in errors.TABLE:
        section.register_error_handler(kind, _told)
    section.register_error_handler(InvalidError, _invalid)
    section.register_error_handler(AnswerError, _decided)
    section.register_error_handler(HTTPException, _http)
    section.register_error_handler(Exception, _unexpected)


def page(status: HTTPStatus, *sentences: str) -> Response:
    heading = _(_HEADINGS.get(status, _ELSE))
    return show(
        "refusal.html", status, status=status, heading=heading, sentences=sentences
    )


def _no_such_path(error: NotFound) -> Response:
    """Show a page for a path that there is not, and else what the interface says."""
    if request.url_rule is None:
        return page(HTTPStatus.NOT_FOUND, _("There is no such page here."))
    return errors.answer_http(error)


def _told(error: Exception) -> Response:
    rule = errors.rule_of(error)
    return page(rule.status, rule.sentence or str(error))


def _invalid(error: InvalidError) -> Response:
    """Show what no form shows beside its fields."""
    return page(HTTPStatus.BAD_REQUEST, *_sentences(error.fields))


def _decided(error: AnswerError) -> Response:
    if error.status == HTTPStatus.NOT_FOUND:
        # What the interface calls it means nothing to people.
        sentences = [_(_GONE)]
    else:
        sentences = _sentences(error.body)
    answer = page(error.status, *sentences)
    answer.headers.extend(error.headers)
    return answer


def _http(error: HTTPException) -> Response:
    return page(HTTPStatus(error.code or 500), error.description or error.name)


def _unexpected(error: Exception) -> Response:
    errors.note_unexpected(error)
    sentence = _("Something went wrong here, and it was noted.")
    asked = _("When you ask for help, name the request") + f" {g.request_id}."
    return page(HTTPStatus.INTERNAL_SERVER_ERROR, sentence, asked)


def _sentences(body: Mapping[str, Any]) -> list[str]:
    """Return what a refusal says, with the name of the field it is about."""
    found = []
    for name, said in body.items():
        each = said if isinstance(said, list) else [said]
        is_about_field = name not in {"detail", "error", "non_field_errors"}
        found += [f"{name}: {text}" if is_about_field else str(text) for text in each]
    return found
