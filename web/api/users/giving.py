"""What who asks may give to users: rights and memberships."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from application.errors import InvalidError
from application.projections.views import Row
from application.queries.users import permissions_of_group
from web.api.authentication import asking
from web.api.fields import NO_SUCH_PK
from web.state import flashlog

_FOR_SUPERUSERS = ("is_superuser", "user_permissions")


def allowed(sent: dict[str, Any], row: Row | None = None) -> dict[str, Any]:
    """Return what who asks may say of a user. Raises InvalidError.

    Nobody gives away more than they have, apart from what the user has already.
    """
    if asking().is_superuser:
        return sent
    allowed = {
        name: value for name, value in sent.items() if name not in _FOR_SUPERUSERS
    }
    had = set(msgspec.json.decode(row["group_numbers"])) if row else set()
    for number in set(sent.get("groups", ())) - had:
        permissions = permissions_of_group(flashlog().views, number)
        if permissions is None or not permissions <= asking().permissions:
            raise InvalidError.of("groups", NO_SUCH_PK)
    return allowed


def own_membership(membership: tuple[UUID, bool]) -> tuple[UUID, bool]:
    """Let nobody put users into an organization that they do not manage."""
    organization_id, _ = membership
    known = flashlog().views.one("organization", str(organization_id))
    if known is None or not asking().may_change(organization_id):
        raise InvalidError({"organization_users": {"organization": [NO_SUCH_PK]}})
    return membership


def change_of_membership(sent: Mapping[str, Any]) -> tuple[UUID, bool] | None:
    """Return what only superusers change of those who are there already."""
    membership = sent.get("organization_users")
    if membership is None or not asking().is_superuser:
        return None
    return own_membership(membership)
