"""Who somebody is, by the token that they show or the log-in that they made."""

from uuid import UUID

from application.access import Account
from application.flashlog import Flashlog
from application.passwords import hash_token
from application.projections.views import Views
from domain.user import User


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


def mark_of_log_in(flashlog: Flashlog, user_id: UUID) -> str:
    """Return what a log-in of today must still be like to count later."""
    return str(flashlog.log.get(User, user_id).password_id)


def account_of_log_in(
    flashlog: Flashlog, user_id: UUID, *, mark: str
) -> Account | None:
    """Return who logged in, unless the account or its password has changed since."""
    user = flashlog.log.find(User, user_id)
    if user is None or not user.is_active or str(user.password_id) != mark:
        return None
    return Account(
        user_id=user_id,
        is_active=user.is_active,
        is_staff=user.is_staff,
        is_superuser=user.is_superuser,
    )
