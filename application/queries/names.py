"""The names of what operations are about, asked once for a page of them."""

from collections.abc import Mapping, Sequence

import msgspec

from application.projections.views import Row, Views

_DEVICES = """
SELECT id, name AS device_name FROM device_owner
WHERE id IN (SELECT value FROM json_each(?))
"""
_IMAGES = """
SELECT image.id, image.file_name AS image_name, build.version AS version
FROM image LEFT JOIN build ON build.id = image.build_id
WHERE image.id IN (SELECT value FROM json_each(?))
"""
_NO_IMAGE = {"image_name": None, "version": None}


def names_of_operations(views: Views, rows: Sequence[Row]) -> Mapping[str, Row]:
    """Return `device_name`, `image_name`, `version` and `position` by operation.

    A name is None where the thing was deleted, or is not in the read models yet.
    """
    devices = _by_id(views, _DEVICES, {row["device_id"] for row in rows})
    images = _by_id(views, _IMAGES, {row["image_id"] for row in rows})
    return {
        row["id"]: devices.get(row["device_id"], {"device_name": None})
        | images.get(row["image_id"], _NO_IMAGE)
        | {"position": row.get("position", 0)}
        for row in rows
    }


def _by_id(views: Views, query: str, ids: set[str | None]) -> Mapping[str, Row]:
    asked = msgspec.json.encode(sorted(filter(None, ids))).decode()
    return {row.pop("id"): row for row in views.rows(query, [asked])}
