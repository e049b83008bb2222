"""Why devices run what they run: the upgrades, who started them, what images are."""

from collections.abc import Collection, Mapping
from typing import Self
from uuid import UUID

import msgspec

from application.access import Account
from application.flashlog import Flashlog
from application.past.running import Firmware, Since
from application.projections.rows import Row, moment
from application.queries.naming import names_seen
from domain.catalogue import BuildChanged, BuildCreated, ImageAdded
from domain.operation.events import Started


class Reasons(msgspec.Struct, frozen=True, kw_only=True):
    """What some answers name, asked for once."""

    images: "Mapping[UUID, Image]"
    upgrades: "Mapping[UUID, Upgrade]"
    names: Mapping[UUID, str]

    @classmethod
    def of(
        cls,
        flashlog: Flashlog,
        account: Account,
        *,
        firmware: Collection[Firmware] = (),
        since: Collection[Since] = (),
    ) -> Self:
        """Look up what is named; people are told to an account that may see them."""
        every = [*firmware, *(each.firmware for each in since)]
        image_ids = {each.image_id for each in every if each.image_id}
        ids = {each.operation_id for each in since if each.operation_id}
        found = upgrades(flashlog, ids)
        people = {each.by for each in found.values() if each.by}
        return cls(
            images=images(flashlog, image_ids),
            upgrades=found,
            names=names_seen(flashlog, account, people),
        )

    def ran(self, firmware: Firmware) -> Row:
        """Return what a device ran, in plain values."""
        image = self.images.get(firmware.image_id) if firmware.image_id else None
        return {
            "release": firmware.release,
            "revision": firmware.revision,
            "image": firmware.image_id,
            "file_name": image.file_name if image else "",
            "version": image.version if image else "",
        }

    def seen(self, since: Since) -> Row:
        """Return what a device ran, since when and why, in plain values."""
        operation_id = since.operation_id
        upgrade = self.upgrades.get(operation_id) if operation_id else None
        by = upgrade.by if upgrade else None
        return self.ran(since.firmware) | {
            "position": since.position,
            "time": moment(since.at),
            "why": "upgraded" if operation_id else "found",
            "operation": operation_id,
            "batch": upgrade.batch_id if upgrade else None,
            "by": by,
            "by_name": self.names.get(by) if by else None,
        }


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """An upgrade as it was started; `by` is a user."""

    operation_id: UUID
    batch_id: UUID | None
    by: UUID | None


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image, also one that was deleted, and the version of its build."""

    image_id: UUID
    build_id: UUID
    file_name: str
    version: str


def upgrades(flashlog: Flashlog, ids: Collection[UUID]) -> Mapping[UUID, Upgrade]:
    """Return how upgrades were started, by their ids."""
    begun = flashlog.log.stories(list(ids), topics=[Started.TOPIC])
    return {
        entry.event.originator_id: Upgrade(
            operation_id=entry.event.originator_id,
            batch_id=entry.event.batch_id,
            by=entry.event.by,
        )
        for entry in begun
        if isinstance(entry.event, Started)
    }


def images(flashlog: Flashlog, ids: Collection[UUID]) -> Mapping[UUID, Image]:
    """Return images by their ids."""
    added = {
        entry.event.originator_id: entry.event
        for entry in flashlog.log.stories(list(ids), topics=[ImageAdded.TOPIC])
        if isinstance(entry.event, ImageAdded)
    }
    builds = {event.build_id for event in added.values()}
    topics = [BuildCreated.TOPIC, BuildChanged.TOPIC]
    versions = {
        entry.event.originator_id: entry.event.version
        for entry in flashlog.log.stories(list(builds), topics=topics)
        if isinstance(entry.event, BuildCreated | BuildChanged)
    }
    return {
        image_id: Image(
            image_id=image_id,
            build_id=event.build_id,
            file_name=event.file_name,
            version=versions.get(event.build_id, ""),
        )
        for image_id, event in added.items()
    }
