"""Why devices run what they run: the upgrades, who started them, what images are."""

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.catalogue import BuildChanged, BuildCreated, ImageAdded
from domain.operation.events import Started


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
