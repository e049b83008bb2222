"""How many devices run which firmware, as far as an account may see them."""

import msgspec

from application.access import Account
from application.projections.views import Views


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Devices that run the same: a build from here, or what a visit has found.

    What a visit has found counts for more than what was installed from here before.
    `build_id` and `category` are blank for firmware that did not come from here,
    `version` too where no visit has found anything yet.
    """

    version: str
    count: int
    category: str = ""
    build_id: str = ""


def fleet_versions(views: Views, account: Account) -> list[Share]:
    """Return what the fleet runs, the commonest first."""
    seen = account.seen("device.organization_id", shared=False)
    rows = views.rows(
        "SELECT coalesce(build.version, device.release) AS version,"  # noqa: S608
        " coalesce(build.id, '') AS build_id, coalesce(category.name, '') AS category,"
        " CAST(sum(device.many) AS BIGINT) AS count FROM ("
        " SELECT running_image_id, release, revision, count(*) AS many FROM device"
        f" WHERE {seen.text} GROUP BY running_image_id, release, revision) AS device"
        " LEFT JOIN image ON image.id = device.running_image_id"
        " AND (device.revision IN ('', image.revision) OR image.revision = '')"
        " LEFT JOIN build ON build.id = image.build_id"
        " LEFT JOIN category ON category.id = build.category_id"
        " GROUP BY 1, 2, 3 ORDER BY count DESC, version",
        seen.values,
    )
    return [msgspec.convert(row, Share) for row in rows]
