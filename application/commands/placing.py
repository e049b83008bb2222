"""Where an image goes that is added by itself: category and build, made if need be."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from application.commands import categories
from application.commands.builds import type_key, version_key
from application.commands.claims import Claims
from application.commands.located import owners_of
from application.commands.taking_in import Taken
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
)
from domain.errors import InvalidError

TYPE_TAKEN = "Firmware image with this Build and Type already exists."


class Place:
    """A category and one of its builds, loaded or about to be made."""

    def __init__(
        self,
        flashlog: Flashlog,
        category: str,
        organization_id: UUID | None,
        *,
        by: UUID | None,
    ) -> None:
        self._flashlog = flashlog
        self._by = by
        self._claims = Claims(flashlog)
        self._made: list[Aggregate] = []
        self._found: list[Aggregate] = []
        self.category = self._category(category, organization_id)

    def free_build(
        self, versions: Sequence[str], health_checks: tuple[str, ...], taken: Taken
    ) -> tuple[Build, UUID]:
        """Return the first build that has the image or may have it, and its id there.

        Health checks take the place of those that the build has.
        Raises InvalidError where each has another image of this type.
        """
        for version in versions:
            build_id = self._claims.owner(version_key(self.category.id, version))
            if build_id is None:
                return self._make_build(version, health_checks), taken.image_id
            build = self._flashlog.log.get(Build, build_id)
            image_id = self._image_in(build, taken)
            if image_id is not None:
                if health_checks and health_checks != build.health_checks:
                    build.demand(health_checks, by=self._by)
                    self._made.append(build)
                else:
                    self._found.append(build)
                return build, image_id
        raise InvalidError.of("__all__", TYPE_TAKEN)

    def append(self, *images: FirmwareImage) -> int:
        """Save the image, if it is new, and what was made or changed for it."""
        for image in images:
            self._claims.take(type_key(image.build_id, image.facts.type), image.id)
        return self._flashlog.log.append(
            *images, *self._made, *self._claims.granted(), unchanged=self._found
        )

    def _image_in(self, build: Build, taken: Taken) -> UUID | None:
        """Return the image that the file is or may be in a build; None: another's."""
        same = self._flashlog.views.all(
            "image", {"build_id": str(build.id), "sha256": taken.stored.sha256}
        )
        if same:
            return UUID(same[0]["id"])
        owner_id = self._claims.owner(type_key(build.id, taken.type_name))
        if owner_id is None:
            return taken.image_id
        image = self._flashlog.log.get(FirmwareImage, owner_id)
        return owner_id if image.facts.sha256 == taken.stored.sha256 else None

    def _category(self, name: str, organization_id: UUID | None) -> Category:
        key = categories.name_key(organization_id, name)
        owner_id = self._claims.owner(key)
        if owner_id is not None:
            category = self._flashlog.log.get(Category, owner_id)
            self._found.append(category)
            return category
        self._found += owners_of(self._flashlog, organization_id)
        category_id = uuid4()
        self._claims.take(key, category_id)
        created = CategoryCreated(
            name=name, organization_id=organization_id, by=self._by
        )
        category = Category.create(category_id, created)
        self._made.append(category)
        return category

    def _make_build(self, version: str, health_checks: tuple[str, ...]) -> Build:
        build_id = uuid4()
        self._claims.take(version_key(self.category.id, version), build_id)
        created = BuildCreated(
            category_id=self.category.id,
            version=version,
            health_checks=health_checks,
            by=self._by,
        )
        build = Build.create(build_id, created)
        self._made.append(build)
        return build
