"""What a device may be upgraded to, as far as can be told without a visit."""

from uuid import UUID

import msgspec

from application.projections.views import Row, Views
from application.queries.matching import images_for, known
from domain.release import Release

# The options that not every release of sysupgrade knows.
_YOUNGER = ("o", "u", "k")


def images_to_choose(views: Views, device: Row) -> list[Row]:
    """Return the images that fit a row of the devices, of the newest build first.

    They are of its organization or shared by all and, where it has firmware already,
    of the same category.
    """
    fitting = [str(each.image_id) for each in images_for(views, known(device))]
    return views.rows(
        "SELECT image.*, build.version AS version, category.name AS category_name,"
        " build.changelog AS changelog FROM image"
        " JOIN build ON build.id = image.build_id"
        " JOIN category ON category.id = build.category_id"
        " WHERE image.id IN (SELECT value FROM json_each(?1))"
        " AND (category.organization_id IS NULL OR category.organization_id = ?2)"
        " AND (CAST(?3 AS TEXT) IS NULL OR category.id = ?3)"
        " ORDER BY build.position DESC, image.position DESC",
        [
            msgspec.json.encode(fitting).decode(),
            device["organization_id"],
            _category_id(views, device),
        ],
    )


def has_known_kind(device: Row) -> bool:
    """Whether anything is known by which images could be found for a device."""
    return bool(known(device).names)


def unknown_options(device: Row) -> tuple[str, ...]:
    """Return the letters that the sysupgrade of the device's release does not know."""
    release = Release.parse(device["release"], device["revision"])
    if not release.is_known:
        return ()
    return tuple(letter for letter in _YOUNGER if not release.knows_option(letter))


def image_in_words(views: Views, image_id: UUID) -> Row | None:
    """Return an image with its version and category, whoever sees it."""
    rows = views.rows(
        "SELECT image.*, build.version AS version, category.name AS category_name,"
        " category.organization_id AS organization_id"
        " FROM image JOIN build ON build.id = image.build_id"
        " JOIN category ON category.id = build.category_id WHERE image.id = ?",
        [str(image_id)],
    )
    return rows[0] if rows else None


def _category_id(views: Views, device: Row) -> str | None:
    rows = views.rows(
        "SELECT build.category_id AS id FROM image"
        " JOIN build ON build.id = image.build_id WHERE image.id = ?",
        [device["image_id"]],
    )
    return str(rows[0]["id"]) if rows else None
