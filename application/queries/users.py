"""Who somebody is, by the token that they show."""

from uuid import UUID

import msgspec

from application.passwords import hash_token
from application.projections.views import Views


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What may be known of a user without opening the vault."""

    user_id: UUID
    is_active: bool
    is_staff: bool
    is_superuser: bool


def account_of_token(views: Views, token: str) -> Account | None:
    """Return whose token this is."""
    found = views.rows(
        "SELECT id, is_active, is_staff, is_superuser FROM user WHERE token_hash = ?",
        [hash_token(token)],
    )
    if not found:
        return None
    row = found[0]
    return Account(
        user_id=UUID(row["id"]),
        is_active=bool(row["is_active"]),
        is_staff=bool(row["is_staff"]),
        is_superuser=bool(row["is_superuser"]),
    )
