"""What bodies of users hold, and how users are shown."""

from typing import Any

import msgspec
from marshmallow import Schema, fields

from application.access import Account
from application.queries.accounts import Shown
from application.roles import PERMISSIONS
from web.api.described import NOT_ALWAYS
from web.api.fields import Body, Text, Truth
from web.api.users.fields import Day, Numbers, OneMembership, Permissions, Secret
from web.representation import timestamp

_NAME_LENGTH_MAX = 150


class _Common(Body):
    """What may be said of a new user and of one that is changed."""

    first_name = Text(blank=True, length_max=_NAME_LENGTH_MAX)
    last_name = Text(blank=True, length_max=_NAME_LENGTH_MAX)
    phone_number = Text(blank=True, allow_none=True, length_max=128)
    birth_date = Day()
    is_active = Truth()
    is_staff = Truth()
    is_superuser = Truth()
    expiration_date = Day()
    groups = Numbers()
    organization_users = OneMembership()


class NewUserBody(_Common):
    """A user to be made. `email_verified` means nothing: no mail is sent to confirm."""

    username = Text(required=True, length_max=_NAME_LENGTH_MAX)
    email = Text(required=True, length_max=254)
    password = Secret(required=True, length_max=4096)
    email_verified = Truth()


class UserBody(_Common):
    """All of a user but the password."""

    username = Text(required=True, length_max=_NAME_LENGTH_MAX)
    email = Text(blank=True, length_max=254)
    bio = Text(blank=True)
    url = Text(blank=True, length_max=200)
    company = Text(blank=True, length_max=30)
    location = Text(blank=True, length_max=256)
    notes = Text(blank=True)
    user_permissions = Permissions()


class MembershipShown(Schema):
    """An organization, and whether as its manager."""

    organization = fields.UUID()
    is_admin = fields.Boolean()


class UserShown(Schema):
    """A user as lists show them; `is_superuser` is shown to superusers."""

    id = fields.UUID()
    username = fields.String()
    email = fields.String()
    first_name = fields.String()
    last_name = fields.String()
    phone_number = fields.String(allow_none=True)
    birth_date = fields.Date(allow_none=True)
    is_active = fields.Boolean()
    is_staff = fields.Boolean()
    is_superuser = fields.Boolean(metadata=NOT_ALWAYS)
    expiration_date = fields.Date(allow_none=True)
    groups = fields.List(fields.Integer())
    organization_users = fields.List(fields.Nested(MembershipShown))


class UserShownInFull(UserShown):
    """All of a user; `user_permissions` are shown to superusers."""

    bio = fields.String()
    url = fields.String()
    company = fields.String()
    location = fields.String()
    notes = fields.String()
    last_login = fields.DateTime(allow_none=True)
    date_joined = fields.DateTime()
    user_permissions = fields.List(fields.Integer(), metadata=NOT_ALWAYS)


def user_object(shown: Shown, asking: Account) -> dict[str, Any]:
    """Show a user as lists do."""
    row, person = shown.row, shown.person
    about = {
        "id": row["id"],
        "username": person.username,
        "email": person.email,
        "first_name": person.first_name,
        "last_name": person.last_name,
        "phone_number": person.phone_number,
        "birth_date": person.birth_date,
        "is_active": bool(row["is_active"]),
        "is_staff": bool(row["is_staff"]),
        "expiration_date": row["expires_on"],
        "groups": msgspec.json.decode(row["group_numbers"]),
        "organization_users": [
            {
                "organization": membership["organization_id"],
                "is_admin": bool(membership["is_admin"]),
            }
            for membership in shown.memberships
        ],
    }
    if asking.is_superuser:
        about["is_superuser"] = bool(row["is_superuser"])
    return about


def user_object_in_full(shown: Shown, asking: Account) -> dict[str, Any]:
    """Show all of a user."""
    row, person = shown.row, shown.person
    about = user_object(shown, asking) | {
        "bio": person.bio,
        "url": person.url,
        "company": person.company,
        "location": person.location,
        "notes": person.notes,
        "last_login": timestamp(row["last_login"]) if row["last_login"] else None,
        "date_joined": timestamp(row["created"]),
    }
    if asking.is_superuser:
        names = msgspec.json.decode(row["permissions"], type=list[str])
        about["user_permissions"] = [PERMISSIONS[name].number for name in names]
    return about
