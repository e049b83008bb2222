"""What OPTIONS says of the fields of a body."""

from typing import Any

from marshmallow import fields

from web.api.authentication import asking
from web.api.fields import Body, Choice, Id, Object, Text, Truth, Whole

_KINDS: tuple[tuple[type[fields.Field[Any]], str], ...] = (
    (Choice, "choice"),
    (Text, "string"),
    (Truth, "boolean"),
    (Id, "field"),
    (Whole, "integer"),
    (Object, "nested object"),
    (fields.List, "list"),
)
_READ_ONLY = {
    "id": "field",
    "created": "datetime",
    "modified": "datetime",
}


def actions_of(body: type[Body], **needs: str) -> dict[str, Any]:
    """Describe the fields for each method that the asking account may use.

    `needs` are methods, each with its permission.
    """
    described = field_facts(body)
    return {
        method: described
        for method, permission in needs.items()
        if asking().may(permission)
    }


def field_facts(body: type[Body]) -> dict[str, Any]:
    """Describe every field of a body, and those that everything has."""
    read_only = {
        name: _fact(name, kind, read_only=True) for name, kind in _READ_ONLY.items()
    }
    return read_only | {
        name: _fact(name, _kind(field), required=field.required)
        for name, field in body().fields.items()
    }


def _fact(
    name: str, kind: str, *, required: bool = False, read_only: bool = False
) -> dict[str, Any]:
    label = name.replace("_", " ").capitalize()
    return {"type": kind, "required": required, "read_only": read_only, "label": label}


def _kind(field: fields.Field[Any]) -> str:
    return next((word for kind, word in _KINDS if isinstance(field, kind)), "field")
