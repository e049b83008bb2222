"""Who somebody is, by the token that they show or the log-in that they made."""

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import msgspec

from application.access import Account
from application.flashlog import Flashlog
from application.passwords import hash_token
from application.projections.views import Row, Views
from domain.group import BUILT_IN
from domain.user import User

# All that an account is made of, found by indexes: a row for each organization that it
# manages, or one. Memberships in organizations that are not active do not count.
_ACCOUNT = """
SELECT account.id, account.is_staff, account.is_superuser, account.is_active,
  account.expires_on, account.password_id, account.permissions, account.group_numbers,
  account.ended_sessions, organization.id AS manages
FROM account
LEFT JOIN membership ON membership.parent_id = account.id AND membership.is_admin = 1
LEFT JOIN organization
  ON organization.id = membership.organization_id AND organization.is_active = 1
"""


def account_of_token(views: Views, token: str) -> Account | None:
    """Return whose token this is."""
    condition = "WHERE account.token_hash = ?"
    return _account(views, views.rows(_ACCOUNT + condition, [hash_token(token)]))


def account_of_user(views: Views, user_id: UUID) -> Account | None:
    """Return what a user may do."""
    return _account(views, _rows(views, user_id))


def permissions_of_group(views: Views, number: int) -> frozenset[str] | None:
    """Return what a group permits, or None where there is no such group."""
    if number in BUILT_IN:
        return BUILT_IN[number].permissions
    found = views.rows("SELECT permissions FROM user_group WHERE number = ?", [number])
    return frozenset(_texts(found[0]["permissions"])) if found else None


def mark_of_log_in(flashlog: Flashlog, user_id: UUID) -> str:
    """Return what a log-in of today must still be like to count later."""
    return str(flashlog.log.get(User, user_id).password_id)


def account_of_log_in(
    flashlog: Flashlog, user_id: UUID, *, mark: str, session_id: UUID
) -> Account | None:
    """Return who logged in, unless the account or its password has changed since.

    Nobody, where the session was ended by logging out.
    """
    found = _rows(flashlog.views, user_id)
    if not found or found[0]["password_id"] != mark:
        return None
    if str(session_id) in _texts(found[0]["ended_sessions"]):
        return None
    account = _account(flashlog.views, found)
    return account if account and account.is_active else None


def _rows(views: Views, user_id: UUID) -> Sequence[Row]:
    return views.rows(_ACCOUNT + "WHERE account.id = ?", [str(user_id)])


def _account(views: Views, rows: Sequence[Row]) -> Account | None:
    """Put the rows of one account together; None where there are none."""
    if not rows:
        return None
    row = rows[0]
    permissions = set(_texts(row["permissions"]))
    for number in msgspec.json.decode(row["group_numbers"], type=list[int]):
        permissions |= permissions_of_group(views, number) or frozenset()
    today = datetime.now(UTC).date().isoformat()
    return Account(
        user_id=UUID(row["id"]),
        is_active=bool(row["is_active"]) and (row["expires_on"] or today) >= today,
        is_staff=bool(row["is_staff"]),
        is_superuser=bool(row["is_superuser"]),
        permissions=frozenset(permissions),
        manages=frozenset(UUID(each["manages"]) for each in rows if each["manages"]),
    )


def _texts(array: str) -> list[str]:
    return msgspec.json.decode(array, type=list[str])
