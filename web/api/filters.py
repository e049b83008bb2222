"""Query parameters that choose and order the rows of a list; blank ones do not."""

from collections.abc import Collection
from uuid import UUID

from flask import request

from application.errors import InvalidError
from application.projections.views import Views
from web.api.bodies import as_uuid
from web.api.fields import NO_CHOICE, NOT_A_UUID

# No organization has such a slug.
_NOBODY = "\N{NULL}"


def choice(name: str, choices: Collection[str]) -> str | None:
    """Return one of the choices. Raises InvalidError."""
    value = request.args.get(name)
    if value and value not in choices:
        raise InvalidError.of(name, NO_CHOICE)
    return value or None


def reference(views: Views, name: str, table: str) -> UUID | None:
    """Return the id of something that there is. Raises InvalidError."""
    value = request.args.get(name)
    if not value:
        return None
    found = as_uuid(value)
    if found is None:
        raise InvalidError.of(name, NOT_A_UUID)
    if views.one(table, str(found)) is None:
        raise InvalidError.of(name, NO_CHOICE)
    return found


def slug(*names: str) -> str | None:
    """Return the organization's slug; several different ones mean nobody's."""
    values = {value for name in names if (value := request.args.get(name))}
    return values.pop() if len(values) == 1 else _NOBODY if values else None
