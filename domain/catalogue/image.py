"""One file of a build."""

from uuid import UUID

from domain.base import Aggregate, Event


class ImageEvent(Event, frozen=True, kw_only=True):
    """A fact of an image."""


class ImageAdded(ImageEvent, frozen=True, kw_only=True):
    """The file is in the store under its hash; the rest is what its trailer says.

    `boards` are the names that routers compare with. `models` are the names that an
    inventory may know these routers by, `label` the one that people are shown.
    `profile` is the build's name of the device. `device_packages` come on top of the
    manifest of its target; one with a `-` before it is left out.
    """

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
    label: str = ""
    models: tuple[str, ...] = ()
    profile: str = ""
    device_packages: tuple[str, ...] = ()
    by: UUID | None = None

    def apply(self, image: "FirmwareImage") -> None:
        image.build_id = self.build_id
        image.facts = self


class ImageDeleted(ImageEvent, frozen=True, kw_only=True):
    TOPIC = "FirmwareImage:Deleted"

    by: UUID | None = None

    def apply(self, image: "FirmwareImage") -> None:
        image.is_deleted = True


class FirmwareImage(Aggregate):
    """One file of a build, for some boards."""

    build_id: UUID
    facts: ImageAdded

    @classmethod
    def add(cls, image_id: UUID, added: ImageAdded) -> "FirmwareImage":
        image = cls(image_id)
        image.record(added)
        return image

    def delete(self, *, by: UUID | None = None) -> None:
        self.record(ImageDeleted(by=by))


ImageEvent.AGGREGATE = FirmwareImage
