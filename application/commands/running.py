"""What runs on images of the catalogue, and how nothing begins to meanwhile."""

from collections.abc import Collection
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.batch import events as batch_events
from domain.catalogue import BuildCreated, ImageAdded
from domain.device.events import Changed, FirmwareAssigned
from domain.errors import RefusedError
from domain.operation.events import Started

# Whatever begins to use an image or a build, or makes one that was not seen.
BEGINNINGS = (
    Started.TOPIC,
    batch_events.Started.TOPIC,
    BuildCreated.TOPIC,
    ImageAdded.TOPIC,
)
# And whatever lets a device of somebody else have an image.
BELONGINGS = (*BEGINNINGS, FirmwareAssigned.TOPIC, Changed.TOPIC)


class InUseError(RefusedError):
    """An upgrade to it is in progress; nothing was changed."""


def require_idle(
    flashlog: Flashlog,
    what: str,
    *,
    builds: Collection[UUID | str],
    images: Collection[UUID | str],
) -> None:
    """Refuse while an operation on one of the images, or a batch of a build, runs.

    Raises InUseError.
    """
    operations = flashlog.views.rows(
        "SELECT id FROM operation WHERE status = 'in-progress'"
        " AND image_id IN (SELECT value FROM json_each(?)) LIMIT 1",
        [_json(images)],
    )
    batches = flashlog.views.rows(
        "SELECT id FROM batch WHERE status IN ('idle', 'in-progress')"
        " AND build_id IN (SELECT value FROM json_each(?)) LIMIT 1",
        [_json(builds)],
    )
    running = [f"the upgrade operation {row['id']}" for row in operations]
    running += [f"the mass upgrade {row['id']}" for row in batches]
    if running:
        raise InUseError(
            f"{what} is in use: {' and '.join(running)} is in progress. Wait for the "
            "end of it, or cancel it."
        )


def devices_of_others(
    flashlog: Flashlog, images: Collection[UUID | str], organization_id: UUID | None
) -> bool:
    """Whether devices of other organizations have one of the images as firmware."""
    if organization_id is None:
        return False
    found = flashlog.views.rows(
        "SELECT 1 FROM device WHERE organization_id != ?"
        " AND image_id IN (SELECT value FROM json_each(?)) LIMIT 1",
        [str(organization_id), _json(images)],
    )
    return bool(found)


def images_of(flashlog: Flashlog, builds: Collection[UUID | str]) -> list[str]:
    """Return the images of some builds, as the read models show them."""
    rows = flashlog.views.rows(
        "SELECT id FROM image WHERE build_id IN (SELECT value FROM json_each(?))",
        [_json(builds)],
    )
    return [row["id"] for row in rows]


def _json(ids: Collection[UUID | str]) -> str:
    return msgspec.json.encode(sorted(map(str, ids))).decode()
