"""How firmware that devices ran looks in an answer, and why they ran it."""

from collections.abc import Collection, Mapping
from typing import Any
from uuid import UUID

import msgspec
from marshmallow import Schema, fields

from application.access import Condition
from application.past.reasons import Image, Upgrade, images, upgrades
from application.past.running import Firmware, Since
from application.projections.rows import moment
from application.queries.naming import names_seen
from web.api import filters
from web.api.authentication import asking
from web.api.described import Parameter
from web.representation import timestamp
from web.state import flashlog

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


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """What some answers name, asked for once."""

    images: Mapping[UUID, Image]
    upgrades: Mapping[UUID, Upgrade]
    names: Mapping[UUID, str]

    @classmethod
    def of(cls, firmware: Collection[Firmware], since: Collection[Since]) -> "Reasons":
        every = [*firmware, *(each.firmware for each in since)]
        image_ids = {each.image_id for each in every if each.image_id}
        ids = {each.operation_id for each in since if each.operation_id}
        found = upgrades(flashlog(), ids)
        people = {each.by for each in found.values() if each.by}
        return cls(
            images=images(flashlog(), image_ids),
            upgrades=found,
            names=names_seen(flashlog(), asking(), people),
        )

    def ran(self, firmware: Firmware) -> dict[str, Any]:
        image = self.images.get(firmware.image_id) if firmware.image_id else None
        return {
            "release": firmware.release,
            "revision": firmware.revision,
            "image": firmware.image_id,
            "file_name": image.file_name if image else "",
            "version": image.version if image else "",
        }

    def seen(self, since: Since) -> dict[str, Any]:
        id_ = since.operation_id
        upgrade = self.upgrades.get(id_) if id_ else None
        by = upgrade.by if upgrade else None
        return self.ran(since.firmware) | {
            "position": since.position,
            "time": timestamp(moment(since.at)),
            "why": "upgraded" if since.operation_id else "found",
            "operation": since.operation_id,
            "batch": upgrade.batch_id if upgrade else None,
            "by": by,
            "by_name": self.names.get(by) if by else None,
        }


def devices_seen() -> list[Condition]:
    """Return which devices that ever were may be told of, by whose they are now."""
    conditions = [asking().seen("organization_id", shared=False)]
    if slug := filters.slug("organization"):
        of_slug = "organization_id IN (SELECT id FROM organization WHERE slug = ?)"
        conditions.append(Condition(of_slug, (slug,)))
    return conditions
