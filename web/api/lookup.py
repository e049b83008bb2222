"""Things by their id, as whoever asks may see and change them.

`table` is a key of `application.queries.tenancy.KINDS` everywhere here.
"""

from http import HTTPStatus
from uuid import UUID

from flask import request

from application.access import Condition
from application.errors import InvalidError
from application.projections.views import Row
from application.queries import tenancy
from web.answers import AnswerError, refusal
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.fields import NO_CHOICE, NO_SUCH_PK, NOT_A_UUID
from web.api.resource import NO_PERMISSION
from web.state import flashlog


def visible(table: str, thing_id: UUID, *, slug: str | None = None) -> Row:
    """Return the row of a thing, with whose it is as `organization_id`.

    `slug` is that of the organization it must belong to, if any is asked for. Raises
    AnswerError (404) for one that there is not, or that belongs to somebody else.
    """
    kind = tenancy.KINDS[table]
    found = tenancy.find(
        flashlog().views, asking(), kind, thing_id, organization_slug=slug
    )
    if found is None:
        raise missing(kind.model)
    return found


def made(table: str, thing_id: UUID) -> Row:
    """Return the row of what was just made.

    Raises AnswerError (503) where the read models do not keep up: whoever made it must
    not take it for refused, and make it once more.
    """
    try:
        return visible(table, thing_id)
    except AnswerError:
        raise not_shown_yet(thing_id) from None


def not_shown_yet(thing_id: UUID) -> AnswerError:
    text = f"It was recorded as {thing_id}, but is not shown yet: look again soon."
    return refusal(HTTPStatus.SERVICE_UNAVAILABLE, text)


def changeable(table: str, thing_id: UUID, *, slug: str | None = None) -> Row:
    """Return a row that may be changed. Raises AnswerError (404; 403 if shared)."""
    row = visible(table, thing_id, slug=slug)
    require_change(row["organization_id"])
    return row


def require_change(organization_id: str | None) -> None:
    """Let nobody but superusers change what all share. Raises AnswerError (403)."""
    owner = UUID(organization_id) if organization_id else None
    if not asking().may_change(owner):
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)


def own_reference(
    field: str, table: str, thing_id: UUID, *, shared: bool = False
) -> Row:
    """Return the row of what a body refers to.

    Only superusers may refer to what all share, unless `shared` says that everybody
    may. Raises InvalidError on `field`.
    """
    row = tenancy.find(flashlog().views, asking(), tenancy.KINDS[table], thing_id)
    is_own = row is not None and (
        asking().is_superuser or shared or row["organization_id"] is not None
    )
    if row is None or not is_own:
        raise InvalidError.of(field, NO_SUCH_PK)
    return row


def reference(name: str, table: str) -> UUID | None:
    """Return the id that a query parameter chooses rows by, if it is given.

    What belongs to somebody else is not told from what there is not. Raises
    InvalidError.
    """
    value = request.args.get(name)
    if not value:
        return None
    found = as_uuid(value)
    if found is None:
        raise InvalidError.of(name, NOT_A_UUID)
    kind = tenancy.KINDS[table]
    if tenancy.find(flashlog().views, asking(), kind, found) is None:
        raise InvalidError.of(name, NO_CHOICE)
    return found


def seen(table: str, *, slug: str | None = None) -> tuple[Condition, ...]:
    """Return what the rows of a list must be like for whoever asks to see them."""
    return tenancy.seen(asking(), tenancy.KINDS[table], organization_slug=slug)


def missing(model: str) -> AnswerError:
    return refusal(HTTPStatus.NOT_FOUND, f"No {model} matches the given query.")
