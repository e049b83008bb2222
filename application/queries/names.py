"""The names of what operations are about, asked once for a page of them."""

from collections.abc import Mapping, Sequence

import msgspec

from application.projections.views import Row, Views

_NAMES = """
SELECT
  asked.value ->> '$[0]' AS id,
  (SELECT name FROM device_owner WHERE id = asked.value ->> '$[1]') AS device_name,
  image.file_name AS image_name,
  build.version AS version,
  asked.value ->> '$[3]' AS position
FROM json_each(?) AS asked
LEFT JOIN image ON image.id = asked.value ->> '$[2]'
LEFT JOIN build ON build.id = image.build_id
"""


def names_of_operations(views: Views, rows: Sequence[Row]) -> Mapping[str, Row]:
    """Return `device_name`, `image_name`, `version` and `position` by operation.

    A name is None where the thing was deleted, or is not in the read models yet.
    """
    asked = [
        (row["id"], row["device_id"], row["image_id"], row.get("position", 0))
        for row in rows
    ]
    found = views.rows(_NAMES, [msgspec.json.encode(asked).decode()])
    return {row.pop("id"): row for row in found}
