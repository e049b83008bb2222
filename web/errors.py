"""How every error is answered: the one table from exceptions to HTTP."""

import logging
from http import HTTPStatus
from typing import Any

import msgspec
from flask import Flask, Response, g, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from application.adapters.image_file import StoreFullError
from application.adapters.vault_key import VaultError
from application.commands.batches import NoTargetsError
from application.commands.firmware import DeactivatedError
from application.commands.users import WrongCredentialsError
from application.errors import (
    AlreadyEndedError,
    CancelTooLateError,
    InvalidError,
    LogBusyError,
    LogFullError,
    NotFoundError,
    RefusedError,
    StorageError,
)
from application.past.patience import TooLongError
from application.settings import SettingsError
from web.answers import AnswerError, json_answer

_LOG = logging.getLogger(__name__)

_RETRY = {"Retry-After": "1"}


class Rule(msgspec.Struct, frozen=True):
    """How one kind of exception is answered.

    `key` is where its sentence stands. `sentence` is shown instead of its own, which
    may name files of the server and goes to the log alone.
    """

    status: HTTPStatus
    key: str = "detail"
    sentence: str = ""


# Of several that fit, the first one counts.
TABLE: dict[type[Exception], Rule] = {
    NotFoundError: Rule(HTTPStatus.NOT_FOUND),
    NoTargetsError: Rule(HTTPStatus.BAD_REQUEST, "error"),
    DeactivatedError: Rule(HTTPStatus.FORBIDDEN),
    CancelTooLateError: Rule(HTTPStatus.CONFLICT, "error"),
    AlreadyEndedError: Rule(HTTPStatus.CONFLICT, "error"),
    RefusedError: Rule(HTTPStatus.CONFLICT),
    LogBusyError: Rule(
        HTTPStatus.SERVICE_UNAVAILABLE,
        sentence="The store is busy and nothing was written: try again.",
    ),
    LogFullError: Rule(
        HTTPStatus.INSUFFICIENT_STORAGE,
        sentence="There is no room left on the server and nothing was written.",
    ),
    StoreFullError: Rule(
        HTTPStatus.INSUFFICIENT_STORAGE,
        sentence="There is no room left on the server and nothing was stored.",
    ),
    TooLongError: Rule(HTTPStatus.SERVICE_UNAVAILABLE),
    StorageError: Rule(
        HTTPStatus.SERVICE_UNAVAILABLE,
        sentence="The store cannot be used just now.",
    ),
    SettingsError: Rule(
        HTTPStatus.SERVICE_UNAVAILABLE,
        sentence="A setting of the server cannot be used.",
    ),
    VaultError: Rule(
        HTTPStatus.SERVICE_UNAVAILABLE,
        sentence="The vault cannot be used just now.",
    ),
}


def init_app(app: Flask) -> None:
    """Answer every exception; nobody is shown a traceback."""
    for kind in TABLE:
        app.register_error_handler(kind, _told)
    app.register_error_handler(InvalidError, _invalid)
    app.register_error_handler(WrongCredentialsError, _wrong_credentials)
    app.register_error_handler(AnswerError, _decided)
    app.register_error_handler(HTTPException, answer_http)
    app.register_error_handler(Exception, _unexpected)


def rule_of(error: Exception) -> Rule:
    """Return how an exception of the table is answered; what is not shown is logged."""
    rule = next(rule for kind, rule in TABLE.items() if isinstance(error, kind))
    if rule.sentence:
        _LOG.error("action=refused request_id=%s %s", _request_id(), error)
    return rule


def note_unexpected(error: Exception) -> None:
    """Write to the log what nobody is shown."""
    _LOG.error(
        "action=failed request_id=%s %s %s",
        _request_id(),
        request.method,
        request.url_rule,
        exc_info=error,
    )


def _told(error: Exception) -> Response:
    rule = rule_of(error)
    waits = rule.status is HTTPStatus.SERVICE_UNAVAILABLE
    return json_answer(
        {rule.key: rule.sentence or str(error)}, rule.status, _RETRY if waits else None
    )


def _invalid(error: InvalidError) -> Response:
    return json_answer(error.fields, HTTPStatus.BAD_REQUEST)


def _wrong_credentials(_: WrongCredentialsError) -> Response:
    return json_answer(
        {"non_field_errors": ["Unable to log in with provided credentials."]},
        HTTPStatus.BAD_REQUEST,
    )


def _decided(error: AnswerError) -> Response:
    return json_answer(error.body, error.status, error.headers)


def answer_http(error: HTTPException) -> Response:
    """Answer what Flask itself refuses."""
    headers = {}
    detail: Any = error.description
    if isinstance(error, MethodNotAllowed):
        detail = f'Method "{request.method}" not allowed.'
        headers["Allow"] = ", ".join(sorted(error.valid_methods or ()))
    return json_answer({"detail": detail}, HTTPStatus(error.code or 500), headers)


def _unexpected(error: Exception) -> Response:
    note_unexpected(error)
    return json_answer(
        {"detail": "Internal server error.", "request_id": _request_id()},
        HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def _request_id() -> str:
    return str(getattr(g, "request_id", "-"))
