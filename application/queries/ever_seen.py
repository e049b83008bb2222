"""What may be told of things that there are or ever were, by whose they are now.

What was deleted goes on to belong where it belonged last.
"""

from collections.abc import Mapping
from uuid import UUID

from application.access import Account
from application.flashlog import Flashlog
from application.queries.belonging import belongings
from domain.base import Aggregate
from domain.batch.batch import Batch
from domain.catalogue import Build, FirmwareImage, ImageAdded
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from domain.user import User

_KINDS: Mapping[str, type[Aggregate]] = {
    "batch": Batch,
    "build": Build,
    "device": Device,
    "image": FirmwareImage,
    "operation": UpgradeOperation,
    "user": User,
}


def is_ever_seen(
    flashlog: Flashlog, account: Account, kind: str, thing_id: UUID
) -> bool:
    """Whether there ever was such a thing, and the account may be told of it."""
    story = flashlog.log.story(thing_id, until=1)
    if not story or story[0].event.AGGREGATE is not _KINDS[kind]:
        return False
    _, (belonging,) = belongings(flashlog.views, [story[0].event])
    return (
        account.is_superuser
        or belonging.is_shared
        or belonging.organization_id in set(map(str, account.manages))
    )


def images_ever_of(flashlog: Flashlog, build_id: UUID) -> set[UUID]:
    """Return the images that a build has or ever had."""
    rows = flashlog.views.rows(
        "SELECT id FROM belonging WHERE parent_id = ?", [str(build_id)]
    )
    return {UUID(row["id"]) for row in rows}


def build_ever_of(flashlog: Flashlog, image_id: UUID) -> UUID | None:
    """Return the build that an image belongs or belonged to."""
    story = flashlog.log.story(image_id, until=1)
    added = story[0].event if story else None
    return added.build_id if isinstance(added, ImageAdded) else None
