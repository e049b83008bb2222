"""Who somebody is, by the token that they show or the log-in that they made."""

from uuid import UUID

import msgspec

from application.access import Account
from application.flashlog import Flashlog
from application.passwords import hash_token
from application.projections.views import Row, Views
from domain.group import BUILT_IN
from domain.user import User

# All that an account is made of, found by indexes. Memberships in organizations that
# are not active do not count.
_ACCOUNT = """
SELECT id, is_staff, is_superuser, password_id, permissions, group_numbers,
  ended_sessions,
  is_active AND ifnull(expires_on >= date('now'), 1) AS is_active,
  (SELECT json_group_array(json(user_group.permissions))
    FROM json_each(user.group_numbers) AS held
    JOIN user_group ON user_group.number = held.value) AS permissions_of_groups,
  (SELECT json_group_array(organization.id)
    FROM membership
    JOIN organization ON organization.id = membership.organization_id
    WHERE membership.parent_id = user.id
      AND membership.is_admin AND organization.is_active) AS manages
FROM user
"""


def account_of_token(views: Views, token: str) -> Account | None:
    """Return whose token this is."""
    found = views.rows(_ACCOUNT + "WHERE token_hash = ?", [hash_token(token)])
    return _account(found[0]) if found else None


def account_of_user(views: Views, user_id: UUID) -> Account | None:
    """Return what a user may do."""
    found = views.rows(_ACCOUNT + "WHERE id = ?", [str(user_id)])
    return _account(found[0]) if found else None


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
    found = flashlog.views.rows(_ACCOUNT + "WHERE id = ?", [str(user_id)])
    if not found or found[0]["password_id"] != mark:
        return None
    if str(session_id) in _texts(found[0]["ended_sessions"]):
        return None
    account = _account(found[0])
    return account if account.is_active else None


def _account(row: Row) -> Account:
    permissions = set(_texts(row["permissions"]))
    for of_group in msgspec.json.decode(
        row["permissions_of_groups"], type=list[list[str]]
    ):
        permissions.update(of_group)
    for number in msgspec.json.decode(row["group_numbers"], type=list[int]):
        if number in BUILT_IN:
            permissions |= BUILT_IN[number].permissions
    return Account(
        user_id=UUID(row["id"]),
        is_active=bool(row["is_active"]),
        is_staff=bool(row["is_staff"]),
        is_superuser=bool(row["is_superuser"]),
        permissions=frozenset(permissions),
        manages=frozenset(map(UUID, _texts(row["manages"]))),
    )


def _texts(array: str) -> list[str]:
    return msgspec.json.decode(array, type=list[str])
