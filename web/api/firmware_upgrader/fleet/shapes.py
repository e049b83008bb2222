"""How firmware that devices ran looks in an answer, and why they ran it."""

from marshmallow import Schema, fields

from application.access import Condition
from web.api import filters
from web.api.authentication import asking
from web.api.described import Parameter

OF_ORGANIZATION = Parameter(name="organization", meaning="slug of the organization")


class RanShown(Schema):
    """Firmware by what was read on the router; blank where nothing is known.

    `image` is what was verified to have been installed, if Flashlog did it; `file_name`
    and `version` are of that image and its build.
    """

    release = fields.String()
    revision = fields.String()
    image = fields.UUID(allow_none=True)
    file_name = fields.String()
    version = fields.String()


class SeenShown(RanShown):
    """What a device was seen to run, since when and why.

    `why` is `upgraded`, by an operation that verified it, or `found` by a visit. `by`
    is who started that; `by_name` is told to who may see users.
    """

    position = fields.Integer()
    time = fields.DateTime()
    why = fields.String()
    operation = fields.UUID(allow_none=True)
    batch = fields.UUID(allow_none=True)
    by = fields.UUID(allow_none=True)
    by_name = fields.String(allow_none=True)


def devices_seen() -> list[Condition]:
    """Return which devices that ever were may be told of, by whose they are now."""
    conditions = [asking().seen("organization_id", shared=False)]
    if slug := filters.slug("organization"):
        of_slug = "organization_id IN (SELECT id FROM organization WHERE slug = ?)"
        conditions.append(Condition(of_slug, (slug,)))
    return conditions
