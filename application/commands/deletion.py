"""Delete categories, builds and images, with all that is in them.

What runs is not pulled from under an upgrade: then nothing is deleted. Operations and
their stories stay; what is shown of them names no image any more.
"""

import logging
import time
from collections.abc import Callable, Collection, Sequence
from uuid import UUID

from application.commands import categories, running
from application.commands.builds import give_back, type_key
from application.commands.claims import Claims
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain.catalogue import Build, Category, FirmwareImage

# A role of `Flashlog.alone`: whoever makes images of stored files shares it.
STORING = "images"
_WAIT_SECONDS = 5.0
_LOOK_SECONDS = 0.01
_log = logging.getLogger(__name__)


class _Doomed:
    """What goes together."""

    def __init__(self, claims: Claims) -> None:
        self.claims = claims
        self.categories: list[Category] = []
        self.builds: list[Build] = []
        self.images: list[FirmwareImage] = []

    @property
    def all(self) -> Sequence[Category | Build | FirmwareImage]:
        return (*self.images, *self.builds, *self.categories)

    def require_idle(self, flashlog: Flashlog, what: str) -> None:
        images = [image.id for image in self.images]
        builds = {build.id for build in self.builds}
        builds |= {image.build_id for image in self.images}
        running.require_idle(flashlog, what, builds=builds, images=images)


def delete_category(
    flashlog: Flashlog, category_id: UUID, *, by: UUID | None = None
) -> None:
    """Delete a category with its builds. Raises NotFoundError, InUseError."""

    def doom(doomed: _Doomed) -> None:
        category = flashlog.log.get(Category, category_id)
        name = categories.name_key(category.organization_id, category.name)
        doomed.claims.release(name, category_id)
        doomed.categories.append(category)
        for row in flashlog.views.all("build", {"category_id": str(category_id)}):
            _doom_build(flashlog, doomed, category, UUID(row["id"]))

    _delete(flashlog, "The category", doom, by=by)


def delete_build(flashlog: Flashlog, build_id: UUID, *, by: UUID | None = None) -> None:
    """Delete a build with its images. Raises NotFoundError, InUseError."""

    def doom(doomed: _Doomed) -> None:
        category_id = flashlog.log.get(Build, build_id).category_id
        category = flashlog.log.get(Category, category_id)
        _doom_build(flashlog, doomed, category, build_id)

    _delete(flashlog, "The build", doom, by=by)


def delete_image(flashlog: Flashlog, image_id: UUID, *, by: UUID | None = None) -> None:
    """Delete an image. Raises NotFoundError, InUseError."""

    def doom(doomed: _Doomed) -> None:
        image = flashlog.log.get(FirmwareImage, image_id)
        doomed.claims.release(type_key(image.build_id, image.facts.type), image_id)
        doomed.images.append(image)

    _delete(flashlog, "The image", doom, by=by)


def delete_unused_files(flashlog: Flashlog, hashes: Collection[str]) -> None:
    """Delete files that no image is made of; who is just making one waits, or we do."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while time.monotonic() < deadline:
        with flashlog.alone(STORING) as is_alone:
            if is_alone:
                if not flashlog.show(flashlog.log.end()):
                    continue
                for sha256 in hashes:
                    if not flashlog.views.all("image", {"sha256": sha256}):
                        flashlog.images.delete(sha256)
                return
        time.sleep(_LOOK_SECONDS)
    _log.warning("files of deleted images stay in the store: %s", ", ".join(hashes))


def _doom_build(
    flashlog: Flashlog, doomed: _Doomed, category: Category, build_id: UUID
) -> None:
    build = flashlog.log.get(Build, build_id)
    give_back(doomed.claims, build, category)
    doomed.builds.append(build)
    # Types are claimed within the build: those claims end with it.
    doomed.images += [
        flashlog.log.get(FirmwareImage, UUID(row["id"]))
        for row in flashlog.views.all("image", {"build_id": str(build_id)})
    ]


def _delete(
    flashlog: Flashlog,
    what: str,
    doom: Callable[[_Doomed], None],
    *,
    by: UUID | None,
) -> None:
    def delete() -> tuple[_Doomed, int]:
        none_since = up_to_now(flashlog, running.BEGINNINGS)
        doomed = _Doomed(Claims(flashlog))
        doom(doomed)
        doomed.require_idle(flashlog, what)
        for each in doomed.all:
            each.delete(by=by)
        position = flashlog.log.append(
            *doomed.all, *doomed.claims.granted(), none_since=none_since
        )
        return doomed, position

    doomed, position = flashlog.log.decide(delete)
    flashlog.show(position)
    hashes = {image.facts.sha256 for image in doomed.images}
    if hashes:
        delete_unused_files(flashlog, hashes)
