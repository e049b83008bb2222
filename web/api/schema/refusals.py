"""What any request may be answered with when it is not answered as it wished."""

from http import HTTPStatus
from typing import Any

import msgspec

JSON = "application/json"
_TEXT = {"type": "string"}
_PLACE = "#/components/schemas/"

SHAPES: dict[str, Any] = {
    "Detail": {
        "type": "object",
        "description": "One sentence for a person.",
        "required": ["detail"],
        "properties": {"detail": _TEXT},
    },
    "Error": {
        "type": "object",
        "description": "One sentence for a person, under the key that some URLs use.",
        "required": ["error"],
        "properties": {"error": _TEXT},
    },
    "WrongFields": {
        "type": "object",
        "description": (
            "Each wrong field with its sentences, or with those of its own fields. "
            "`non_field_errors` and `__all__` are about several fields, or about all."
        ),
        "additionalProperties": {
            "anyOf": [
                {"type": "array", "items": _TEXT},
                _TEXT,
                {"$ref": f"{_PLACE}WrongFields"},
            ]
        },
    },
}
_DETAIL = {"$ref": f"{_PLACE}Detail"}
_SENTENCE = {"anyOf": [_DETAIL, {"$ref": f"{_PLACE}Error"}]}
_FIELDS = {"anyOf": [{"$ref": f"{_PLACE}WrongFields"}, *_SENTENCE["anyOf"]]}


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """When a status is answered, and with what."""

    meaning: str
    shape: dict[str, Any] = msgspec.field(default_factory=lambda: _DETAIL)
    headers: dict[str, str] = {}


_SECONDS = "seconds after which to try again"
_REFUSALS = {
    HTTPStatus.BAD_REQUEST: Refusal(
        meaning="A field, a parameter or the body cannot be used.", shape=_FIELDS
    ),
    HTTPStatus.UNAUTHORIZED: Refusal(
        meaning="Nobody known asks: no token, an unknown one, or an inactive user's.",
        headers={"WWW-Authenticate": "always `Bearer`"},
    ),
    HTTPStatus.FORBIDDEN: Refusal(
        meaning="Who asks may not do this, or may not do it to what all share.",
        shape=_SENTENCE,
    ),
    HTTPStatus.NOT_FOUND: Refusal(
        meaning="There is no such thing, page or format, or it belongs to others.",
        shape=_SENTENCE,
    ),
    HTTPStatus.NOT_ACCEPTABLE: Refusal(meaning="`Accept` takes no form we have."),
    HTTPStatus.CONFLICT: Refusal(
        meaning="It cannot be done as things stand; nothing was changed.",
        shape=_SENTENCE,
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: Refusal(meaning="The body is too large."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: Refusal(
        meaning="The body is of no form we know."
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: Refusal(
        meaning="The `Idempotency-Key` was used for another request.",
    ),
    HTTPStatus.TOO_MANY_REQUESTS: Refusal(
        meaning="Asked too often.", headers={"Retry-After": _SECONDS}
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: Refusal(
        meaning="The store is busy; nothing was written, unless `detail` says so.",
        headers={"Retry-After": _SECONDS},
    ),
    HTTPStatus.INSUFFICIENT_STORAGE: Refusal(
        meaning="There is no room left on the server; nothing was written."
    ),
}
# A path that fits no rule (an id that is no UUID) is answered with a page.
_PAGE = {"text/html": {"schema": _TEXT}}


def reference(status: HTTPStatus) -> dict[str, Any]:
    if status not in _REFUSALS:
        content = {JSON: {"schema": _SENTENCE}}
        return {"description": status.phrase, "content": content}
    return {"$ref": f"#/components/responses/{_name(status)}"}


def components() -> dict[str, Any]:
    return {_name(status): _shown(status, each) for status, each in _REFUSALS.items()}


def _shown(status: HTTPStatus, refusal: Refusal) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "description": refusal.meaning,
        "content": {JSON: {"schema": refusal.shape}},
    }
    if status is HTTPStatus.NOT_FOUND:
        shown["content"] |= _PAGE
    if refusal.headers:
        shown["headers"] = {
            name: {"description": meaning, "schema": _TEXT}
            for name, meaning in refusal.headers.items()
        }
    return shown


def _name(status: HTTPStatus) -> str:
    return status.phrase.title().replace(" ", "").replace("-", "")
