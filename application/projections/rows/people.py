"""Rows of organizations and users."""

from application.projections.rows.shown import Showing, Shown
from domain.organization import Organization
from domain.user import User


def _organization(organization: Organization) -> Shown:
    row = {"name": organization.name, "slug": organization.slug}
    return Shown(table="organization", row=row)


def _user(user: User) -> Shown:
    row = {
        "person_id": str(user.person_id),
        "token_hash": user.token_hash,
        "is_superuser": int(user.is_superuser),
        "is_staff": int(user.is_staff),
        "is_active": int(user.is_active),
    }
    return Shown(table="user", row=row)


SHOWN: Showing = {Organization: _organization, User: _user}
