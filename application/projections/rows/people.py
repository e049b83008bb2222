"""Rows of organizations, users and groups."""

import msgspec

from application.projections.rows.shown import (
    Showing,
    Shown,
    as_json,
    moment,
    optional,
)
from domain.group import Group
from domain.organization import Organization
from domain.user import User


def _organization(organization: Organization) -> Shown:
    if organization.is_deleted:
        return Shown(table="organization", row=None)
    facts = msgspec.structs.asdict(organization.facts)
    row = facts | {
        "is_active": int(organization.facts.is_active),
        "owner_id": optional(organization.owner_id),
    }
    return Shown(table="organization", row=row)


def _user(user: User) -> Shown:
    memberships = [
        {
            "id": str(membership.membership_id),
            "place": place,
            "organization_id": str(organization_id),
            "is_admin": int(membership.is_admin),
        }
        for place, (organization_id, membership) in enumerate(user.memberships.items())
    ]
    children = {"membership": memberships}
    if user.is_deleted:
        return Shown(table="account", row=None, children=children)
    rights = user.rights
    row = {
        "person_id": str(user.person_id),
        "password_id": str(user.password_id),
        "token_hash": user.token_hash,
        "is_superuser": int(rights.is_superuser),
        "is_staff": int(rights.is_staff),
        "is_active": int(rights.is_active),
        "group_numbers": as_json(rights.groups),
        "permissions": as_json(rights.permissions),
        "expires_on": rights.expires_on.isoformat() if rights.expires_on else None,
        "last_login": moment(user.last_login) if user.last_login else None,
        "ended_sessions": as_json([str(each) for each in user.ended_sessions]),
    }
    return Shown(table="account", row=row, children=children)


def _group(group: Group) -> Shown:
    if group.is_deleted:
        return Shown(table="user_group", row=None)
    row = {
        "number": group.number,
        "name": group.name,
        "permissions": as_json(group.permissions),
    }
    return Shown(table="user_group", row=row)


SHOWN: Showing = {Organization: _organization, User: _user, Group: _group}
