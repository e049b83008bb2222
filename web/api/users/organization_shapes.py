"""What bodies of organizations hold, and how organizations are shown."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields

from application.projections.views import Row
from web.api.fields import Body, Id, Object, Text, Truth, loaded
from web.representation import timestamp

_NAME_LENGTH_MAX = 200


class OwnerBody(Body):
    """The membership of who owns an organization; null for nobody."""

    organization_user = Id(required=True, allow_none=True)


class OneOwner(Object):
    """An owner; null changes nothing."""

    def __init__(self, **others: Any) -> None:
        super().__init__(allow_none=True, **others)

    def _deserialize(
        self,
        value: Any,
        attr: str | None,
        data: Mapping[str, Any] | None,
        **others: Any,
    ) -> dict[Any, Any]:
        return loaded(OwnerBody, super()._deserialize(value, attr, data, **others))


class NewOrganizationBody(Body):
    """An organization to be made."""

    name = Text(required=True, length_max=_NAME_LENGTH_MAX)
    slug = Text(required=True, length_max=_NAME_LENGTH_MAX)
    is_active = Truth()
    description = Text(blank=True)
    email = Text(blank=True, length_max=254)
    url = Text(blank=True, length_max=200)


class OrganizationBody(NewOrganizationBody):
    """An organization, and who owns it."""

    owner = OneOwner()


class OrganizationShown(Schema):
    """An organization as lists show it."""

    id = fields.UUID()
    name = fields.String()
    is_active = fields.Boolean()
    slug = fields.String()
    description = fields.String()
    email = fields.String()
    url = fields.String()
    created = fields.DateTime()
    modified = fields.DateTime()


class OwnerShown(Schema):
    """The membership of who owns it."""

    organization_user = fields.UUID(allow_none=True)


class OrganizationShownInFull(OrganizationShown):
    """An organization, and who owns it."""

    owner = fields.Nested(OwnerShown, allow_none=True)


def organization_object(row: Row) -> dict[str, Any]:
    return {
        "id": row["id"],
        "name": row["name"],
        "is_active": bool(row["is_active"]),
        "slug": row["slug"],
        "description": row["description"],
        "email": row["email"],
        "url": row["url"],
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
    }
