"""What the interface's own description says of a handler beyond its docstring."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus

import msgspec
from flask import Response
from marshmallow import Schema

Handler = Callable[..., Response]

# Metadata of a field of an answer that some answers lack; the others have all fields.
NOT_ALWAYS = {"x-not-always": True}


class Parameter(msgspec.Struct, frozen=True, kw_only=True):
    """A query parameter; `kind` is a type of JSON Schema, `format` its format."""

    name: str
    meaning: str
    kind: str = "string"
    format: str = ""
    choices: tuple[str, ...] = ()


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """What a handler takes and gives.

    `answers` are the good ones, `refusals` those beyond the usual (400, 401, 403, 404,
    405, 406, 429, and 415 where a body is taken). `also_as` are media types that
    the same may be asked for as. `is_idempotent` says that the handler asks for an
    `Idempotency-Key`.
    """

    body: type[Schema] | None = None
    is_partial: bool = False
    is_upload: bool = False
    answers: Mapping[HTTPStatus, type[Schema] | None] = msgspec.field(
        default_factory=lambda: {HTTPStatus.OK: None}
    )
    is_list: bool = False
    is_idempotent: bool = False
    media_type: str = "application/json"
    also_as: Sequence[str] = ()
    query: Sequence[Parameter] = ()
    refusals: Sequence[HTTPStatus] = ()


_DESCRIPTIONS: dict[Handler, Description] = {}


def described(description: Description) -> Callable[[Handler], Handler]:
    """Keep the description of a handler."""

    def keep(handler: Handler) -> Handler:
        _DESCRIPTIONS[handler] = description
        return handler

    return keep


def description_of(handler: Handler) -> Description:
    return _DESCRIPTIONS.get(handler, Description())


def is_described(handler: Handler) -> bool:
    return handler in _DESCRIPTIONS
