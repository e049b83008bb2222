"""Query parameters that choose and order the rows of a list; blank ones do not."""

from collections.abc import Collection

from flask import request

from application.errors import InvalidError
from web.api.described import Parameter
from web.api.fields import NO_CHOICE

BY_ID = Parameter(name="id__startswith", meaning="whose id begins like this")

# No organization has such a slug.
_NOBODY = "\N{NULL}"


def choice(name: str, choices: Collection[str]) -> str | None:
    """Return one of the choices. Raises InvalidError."""
    value = request.args.get(name)
    if value and value not in choices:
        raise InvalidError.of(name, NO_CHOICE)
    return value or None


def beginning() -> str | None:
    """Return how the ids asked for begin. Raises InvalidError."""
    text = request.args.get(BY_ID.name, "").lower()
    if text.strip("0123456789abcdef-"):
        raise InvalidError.of(BY_ID.name, "Enter the beginning of a UUID.")
    return text or None


def slug(*names: str) -> str | None:
    """Return the organization's slug; several different ones mean nobody's."""
    values = {value for name in names if (value := request.args.get(name))}
    return values.pop() if len(values) == 1 else _NOBODY if values else None
