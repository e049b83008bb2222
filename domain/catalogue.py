"""What firmware there is: categories, their builds, the images of a build."""

from uuid import UUID

from domain.base import Aggregate, Event
from domain.errors import InvalidError

# It goes over in one command; SSH servers of routers take no more than 9000 bytes.
HEALTH_CHECK_BYTES_MAX = 4000


class CategoryEvent(Event, frozen=True, kw_only=True):
    """A fact of a category."""


class CategoryCreated(CategoryEvent, frozen=True, kw_only=True):
    TOPIC = "Category:Created"

    name: str
    organization_id: UUID | None
    description: str = ""
    by: UUID | None = None

    def apply(self, category: "Category") -> None:
        category.name = self.name
        category.organization_id = self.organization_id


class Category(Aggregate):
    """A kind of firmware; without an organization it is shared by all."""

    name: str
    organization_id: UUID | None

    @classmethod
    def create(cls, category_id: UUID, created: CategoryCreated) -> "Category":
        category = cls(category_id)
        category.record(created)
        return category


class BuildEvent(Event, frozen=True, kw_only=True):
    """A fact of a build."""


class BuildCreated(BuildEvent, frozen=True, kw_only=True):
    """`health_checks` are commands that must exit 0 on a router that runs it."""

    TOPIC = "Build:Created"

    category_id: UUID
    version: str
    os: str | None = None
    changelog: str = ""
    health_checks: tuple[str, ...] = ()
    by: UUID | None = None

    def apply(self, build: "Build") -> None:
        build.category_id = self.category_id
        build.software_version = self.version
        build.health_checks = self.health_checks


class Build(Aggregate):
    """One version of a category."""

    category_id: UUID
    software_version: str
    health_checks: tuple[str, ...]

    @classmethod
    def create(cls, build_id: UUID, created: BuildCreated) -> "Build":
        """Refuse health checks that cannot be sent to a router, with InvalidError."""
        for command in created.health_checks:
            _require_one_line(command)
        build = cls(build_id)
        build.record(created)
        return build


class ImageEvent(Event, frozen=True, kw_only=True):
    """A fact of an image."""


class ImageAdded(ImageEvent, frozen=True, kw_only=True):
    """The file is in the store under its hash; the rest is what its trailer says."""

    TOPIC = "FirmwareImage:Added"

    build_id: UUID
    file_name: str
    type: str
    sha256: str
    size_bytes: int
    boards: tuple[str, ...]
    kind: str = ""
    compat_version: str = "1.0"
    compat_message: str = ""
    release: str = ""
    revision: str = ""
    target: str = ""
    signed: bool = False
    has_metadata: bool = True
    by: UUID | None = None

    def apply(self, image: "FirmwareImage") -> None:
        image.build_id = self.build_id
        image.facts = self


class FirmwareImage(Aggregate):
    """One file of a build, for some boards."""

    build_id: UUID
    facts: ImageAdded

    @classmethod
    def add(cls, image_id: UUID, added: ImageAdded) -> "FirmwareImage":
        image = cls(image_id)
        image.record(added)
        return image


def _require_one_line(command: str) -> None:
    is_one_line = command.strip() and not any(c in command for c in "\n\r\0")
    if not is_one_line or len(command.encode()) > HEALTH_CHECK_BYTES_MAX:
        raise InvalidError.of(
            "health_checks",
            f"A health check is one line of at most {HEALTH_CHECK_BYTES_MAX} bytes: "
            "put longer ones in a script on the router.",
        )


CategoryEvent.AGGREGATE = Category
BuildEvent.AGGREGATE = Build
ImageEvent.AGGREGATE = FirmwareImage
