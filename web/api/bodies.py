"""What a client sends: an object in JSON or a form, and its fields."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import request
from marshmallow import ValidationError

from application.errors import InvalidError
from web.answers import refusal
from web.api.fields import (
    NO_OBJECT,
    NOT_A_UUID,
    NOT_BLANK,
    NOT_NULL,
    REQUIRED,
    Body,
    loaded,
)


def load(schema: type[Body], *, is_partial: bool = False) -> dict[str, Any]:
    """Return the fields of the request as they are meant.

    Raises AnswerError, InvalidError naming every wrong field.
    """
    return load_from(schema, body(), is_partial=is_partial)


def load_from(
    schema: type[Body], sent: dict[str, Any], *, is_partial: bool = False
) -> dict[str, Any]:
    """Return fields as they are meant. Raises InvalidError naming every wrong one."""
    try:
        return loaded(schema, sent, is_partial=is_partial)
    except ValidationError as error:
        raise InvalidError(error.messages_dict) from None


def body() -> dict[str, Any]:
    """Return the fields sent. Raises AnswerError (400, 413, 415)."""
    kind = request.mimetype
    if kind == "application/json":
        return _json()
    if kind in {"application/x-www-form-urlencoded", "multipart/form-data"}:
        return {name: values[-1] for name, values in request.form.lists()}
    if not request.get_data():
        return {}
    raise refusal(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported media type in request."
    )


def _json() -> dict[str, Any]:
    raw = request.get_data()
    if not raw.strip():
        return {}
    try:
        sent = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise refusal(HTTPStatus.BAD_REQUEST, f"JSON parse error - {error}") from None
    if not isinstance(sent, dict):
        raise InvalidError.of("non_field_errors", NO_OBJECT)
    return sent


def text_field(sent: dict[str, Any], name: str) -> tuple[str, list[str]]:
    """Return a required text and what is wrong with it."""
    value = sent.get(name)
    if name not in sent:
        return "", [REQUIRED]
    if value is None:
        return "", [NOT_NULL]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return "", ["Not a valid string."]
    return str(value), [] if str(value).strip() else [NOT_BLANK]


def id_field(sent: dict[str, Any], name: str, *, is_required: bool) -> UUID | None:
    """Return a reference to something else. Raises InvalidError."""
    if name not in sent and not is_required:
        return None
    value = sent.get(name)
    if name not in sent:
        raise InvalidError.of(name, REQUIRED)
    if value is None or value == "":
        raise InvalidError.of(name, NOT_NULL)
    found = as_uuid(value)
    if found is None:
        raise InvalidError.of(name, NOT_A_UUID)
    return found


def as_uuid(value: object) -> UUID | None:
    try:
        return UUID(value) if isinstance(value, str) else None
    except ValueError:
        return None
