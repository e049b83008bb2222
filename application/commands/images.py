"""The catalogue: take images in, under a category and a build."""

from collections.abc import Iterable
from uuid import UUID, uuid4

import msgspec

from application.adapters.image_store import Stored
from application.flashlog import Flashlog
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.errors import InvalidError, NotFoundError
from domain.firmware import Firmware, FirmwareMetadata
from domain.organization import DEFAULT_ORGANIZATION_ID
from domain.reservation import Reservation


class NewImage(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of an image when it is added; blanks are read from its metadata."""

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

    Raises InvalidError, StoreFullError.
    """
    stored = flashlog.images.add(
        chunks,
        file_name=new.file_name,
        boards=new.boards,
        check=lambda firmware: _version(new, firmware),
    )
    version = _version(new, stored.firmware)

    def add() -> tuple[UUID, int]:
        category_id, category = _category(flashlog, new, by)
        build_id, build = _build(flashlog, new, category_id, version, by)
        image_id = uuid4()
        claim = flashlog.log.get_or_new(
            Reservation, Reservation.id_of(f"build/{build_id}/image", stored.sha256)
        )
        if claim.owner_id:
            return claim.owner_id, flashlog.log.end()
        claim.claim(f"build/{build_id}/image", image_id)
        image = FirmwareImage.add(image_id, _facts(new, stored, build_id, by))
        return image_id, flashlog.log.append(image, claim, *category, *build)

    image_id, position = flashlog.log.decide(add)
    flashlog.show(position)
    return image_id


def find_image(flashlog: Flashlog, text: str) -> UUID:
    """Find an image by id, file name, version, release, or the first of its sha256.

    Raises NotFoundError, also when several images fit: then the message lists them.
    """
    rows = flashlog.views.rows(
        "SELECT DISTINCT image.id, image.file_name FROM image"
        " JOIN build ON build.id = image.build_id"
        " WHERE image.id = lower(?1) OR image.file_name = ?1 OR build.version = ?1"
        " OR image.release = ?1"
        " OR (length(?1) >= 8 AND substr(image.sha256, 1, length(?1)) = lower(?1))",
        [text],
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


def _category(
    flashlog: Flashlog, new: NewImage, by: UUID | None
) -> tuple[UUID, tuple[Category | Reservation, ...]]:
    scope = f"organization/{new.organization_id}/category/name"
    claim = flashlog.log.get_or_new(Reservation, Reservation.id_of(scope, new.category))
    if claim.owner_id:
        return claim.owner_id, ()
    category_id = uuid4()
    claim.claim(scope, category_id)
    created = CategoryCreated(
        name=new.category, organization_id=new.organization_id, by=by
    )
    return category_id, (Category.create(category_id, created), claim)


def _build(
    flashlog: Flashlog, new: NewImage, category_id: UUID, version: str, by: UUID | None
) -> tuple[UUID, tuple[Build | Reservation, ...]]:
    scope = f"category/{category_id}/build/version"
    claim = flashlog.log.get_or_new(Reservation, Reservation.id_of(scope, version))
    if claim.owner_id:
        return claim.owner_id, ()
    build_id = uuid4()
    claim.claim(scope, build_id)
    created = BuildCreated(
        category_id=category_id,
        version=version,
        health_checks=new.health_checks,
        by=by,
    )
    return build_id, (Build.create(build_id, created), claim)


def _facts(
    new: NewImage, stored: Stored, build_id: UUID, by: UUID | None
) -> ImageAdded:
    firmware = stored.firmware
    said = firmware.metadata or FirmwareMetadata(boards=())
    return ImageAdded(
        build_id=build_id,
        file_name=new.file_name,
        type=new.file_name.partition("-")[2] or new.file_name,
        sha256=stored.sha256,
        size_bytes=stored.size,
        boards=firmware.boards,
        kind=firmware.kind,
        compat_version=said.compat_version,
        compat_message=said.compat_message,
        release=said.version,
        revision=said.revision,
        target=said.target,
        signed=said.signed,
        has_metadata=firmware.metadata is not None,
        by=by,
    )
