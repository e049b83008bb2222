"""Take images in: into a build that there is, or under a category and a version."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from application.commands.automatic_firmware import note_firmware_of_image
from application.commands.builds import type_key
from application.commands.claims import Claims
from application.commands.placing import TYPE_TAKEN, Place
from application.commands.taking_in import Submitted, Taken, facts_of, taken_in
from application.flashlog import Flashlog
from domain.catalogue import Build, FirmwareImage
from domain.errors import InvalidError, NotFoundError
from domain.firmware import Firmware
from domain.organization import DEFAULT_ORGANIZATION_ID


class NewImage(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an image when it is added; blanks are read from its metadata.

    Health checks are those of its build, in place of those it has.
    """

    file_name: str
    category: str = "OpenWrt"
    version: str = ""
    boards: tuple[str, ...] = ()
    health_checks: tuple[str, ...] = ()
    organization_id: UUID | None = DEFAULT_ORGANIZATION_ID


def add_image(
    flashlog: Flashlog,
    new: NewImage,
    chunks: Iterable[bytes],
    *,
    by: UUID | None = None,
) -> UUID:
    """Judge a file at the door and keep it; adding the same twice finds the first.

    Category and build are made where there are none. Another file of the same type
    and version, as one gets who builds again, makes a build of its own, unless the
    version was given. Raises InvalidError, StoreFullError.
    """
    submitted = Submitted(file_name=new.file_name, boards=new.boards)
    with taken_in(
        flashlog, submitted, chunks, check=lambda firmware: _version(new, firmware)
    ) as taken:

        def add() -> tuple[UUID, int]:
            place = Place(flashlog, new.category, new.organization_id, by=by)
            build, image_id = place.free_build(
                _versions(new, taken), new.health_checks, taken
            )
            if image_id != taken.image_id:
                return image_id, place.append()
            image = FirmwareImage.add(
                taken.image_id, facts_of(submitted, taken, build.id, by)
            )
            return image_id, place.append(image)

        image_id, position = flashlog.log.decide(add)
        flashlog.show(position)
    return image_id


def upload_image(
    flashlog: Flashlog,
    build_id: UUID,
    submitted: Submitted,
    chunks: Iterable[bytes],
    *,
    by: UUID | None = None,
) -> UUID:
    """Judge a file at the door and add it to a build.

    Devices that are known to run it are noted with it.
    Raises NotFoundError for the build, InvalidError on `file`, `type` or `__all__`,
    StoreFullError; then nothing stays behind.
    """
    with taken_in(flashlog, submitted, chunks, needs_type=True) as taken:

        def add() -> int:
            build = flashlog.log.get(Build, build_id)
            claims = Claims(flashlog)
            if not claims.take(type_key(build_id, taken.type_name), taken.image_id):
                raise InvalidError.of("__all__", TYPE_TAKEN)
            image = FirmwareImage.add(
                taken.image_id, facts_of(submitted, taken, build_id, by)
            )
            return flashlog.log.append(image, *claims.granted(), unchanged=[build])

        flashlog.show(flashlog.log.decide(add))
    note_firmware_of_image(flashlog, taken.image_id, by=by)
    return taken.image_id


def find_image(flashlog: Flashlog, text: str) -> UUID:
    """Find an image by id, file name, version, release, or the first of its sha256.

    Raises NotFoundError, also when several images fit: then the message lists them.
    """
    rows = flashlog.views.rows(
        "SELECT DISTINCT image.id, image.file_name FROM image"
        " JOIN build ON build.id = image.build_id"
        " WHERE image.id = ?2 OR image.file_name = ?1 OR build.version = ?1"
        " OR image.release = ?1"
        " OR (length(?2) >= 8 AND substr(image.sha256, 1, length(?2)) = ?2)",
        [text, text.lower()],
    )
    if not rows:
        msg = (
            f"no image has the id, file name, version or sha256 {text!r}: "
            "`flashlog image list` shows those there are"
        )
        raise NotFoundError(msg)
    if len(rows) > 1:
        names = ", ".join(f"{row['file_name']} ({row['id']})" for row in rows)
        msg = f"{text!r} fits several images: {names}; use an id"
        raise NotFoundError(msg)
    return UUID(rows[0]["id"])


def _versions(new: NewImage, taken: Taken) -> tuple[str, ...]:
    """Return the versions of builds that the image may be put into, the best first."""
    if new.version:
        return (new.version,)
    version = _version(new, taken.stored.firmware)
    return (version, f"{version} {taken.stored.sha256[:8]}")


def _version(new: NewImage, firmware: Firmware) -> str:
    if new.version:
        return new.version
    metadata = firmware.metadata
    if metadata is None or not metadata.version:
        raise InvalidError.of(
            "version", "The image does not say its version: give one for its build."
        )
    if metadata.revision:
        return f"{metadata.version} {metadata.revision}"
    return metadata.version
