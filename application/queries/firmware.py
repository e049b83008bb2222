"""The catalogue as people look at it: what is in it, and which devices run it."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.projections.views import Row, Views
from application.queries.lists import Order, Query
from application.queries.matching import Fitting, candidates
from domain.catalogue import FirmwareImage, ImageAdded

# What was verified to run; where nothing was, what the inventory says is installed.
_RUNNING = (
    "coalesce(device.running_image_id,"
    " CASE WHEN device.installed = 1 THEN device.image_id END)"
)


def newest_builds(
    views: Views, categories: Sequence[str], *, limit: int
) -> dict[str, list[Row]]:
    """Return the newest builds of categories, each with `images`, a count.

    `in_category` of each row is how many builds there are besides.
    """
    rows = views.rows(
        "SELECT * FROM (SELECT build.*,"
        " (SELECT count(*) FROM image WHERE image.build_id = build.id) AS images,"
        " row_number() OVER each AS place,"
        " count(*) OVER (PARTITION BY category_id) AS in_category"
        " FROM build WHERE category_id IN (SELECT value FROM json_each(?))"
        " WINDOW each AS (PARTITION BY category_id ORDER BY position DESC)) AS placed"
        " WHERE place <= ? ORDER BY place",
        [_json(categories), limit],
    )
    found: dict[str, list[Row]] = {each: [] for each in categories}
    for row in rows:
        found[row["category_id"]].append(row)
    return found


def builds_of(category_id: UUID) -> Query:
    """Return the builds of a category, newest first, each with `images`, a count."""
    return Query(
        source="build",
        columns=(
            "build.*,"
            " (SELECT count(*) FROM image WHERE image.build_id = build.id) AS images"
        ),
        conditions=(Condition("build.category_id = ?", (str(category_id),)),),
    )


def running_by_image(views: Views, account: Account) -> dict[str, int]:
    """Return how many devices that the account may see run each image."""
    seen = account.seen("device.organization_id", shared=False)
    rows = views.rows(
        f"SELECT {_RUNNING} AS image_id, count(*) AS devices"  # noqa: S608
        f" FROM device WHERE {seen.text} GROUP BY 1",
        seen.values,
    )
    return {row["image_id"]: row["devices"] for row in rows if row["image_id"]}


def running_by_build(views: Views, account: Account) -> dict[str, int]:
    """Return how many devices that the account may see run each build."""
    by_image = running_by_image(views, account)
    rows = views.rows(
        "SELECT id, build_id FROM image WHERE id IN (SELECT value FROM json_each(?))",
        [_json(list(by_image))],
    )
    found: dict[str, int] = {}
    for row in rows:
        build_id = row["build_id"]
        found[build_id] = found.get(build_id, 0) + by_image[row["id"]]
    return found


def fitting_by_image(
    views: Views, account: Account, images: Sequence[Row]
) -> dict[str, int]:
    """Return how many active devices that the account may see each image is for."""
    seen = account.seen("device.organization_id", shared=False)
    kinds = views.rows(
        "SELECT model, learned_model, board, count(*) AS devices FROM device"  # noqa: S608
        f" WHERE is_active = 1 AND {seen.text} GROUP BY model, learned_model, board",
        seen.values,
    )
    fitting = Fitting(candidates(images))
    found = {row["id"]: 0 for row in images}
    for kind in kinds:
        for image in fitting.of_row(kind):
            found[str(image.image_id)] += kind["devices"]
    return found


class OfImage(msgspec.Struct, frozen=True, kw_only=True):
    """The devices of an image: those that run it, and all that it is for."""

    running: Query
    others: Query


def devices_of_image(views: Views, account: Account, image: Row) -> OfImage:
    """Return the devices that run an image, and others that could, by name."""
    seen = account.seen("device.organization_id", shared=False)
    is_running = Condition(f"{_RUNNING} = ?", (image["id"],))
    is_other = Condition(f"coalesce({_RUNNING}, '') <> ?", (image["id"],))
    fits = Fitting(candidates([image])).condition(views)
    return OfImage(
        running=_devices(seen, is_running),
        others=_devices(seen, is_other, Condition("device.is_active = 1"), fits),
    )


def image_facts(flashlog: Flashlog, image_id: UUID) -> ImageAdded:
    """Return what was recorded of an image. Raises NotFoundError."""
    return flashlog.log.get(FirmwareImage, image_id).facts


def _devices(*conditions: Condition) -> Query:
    return Query(
        source=(
            f"device LEFT JOIN image AS running ON running.id = {_RUNNING}"
            " LEFT JOIN build ON build.id = running.build_id"
            " LEFT JOIN category ON category.id = build.category_id"
        ),
        columns=(
            "device.id, device.name, device.is_active, device.release,"
            " coalesce(nullif(device.learned_model, ''), device.model) AS model,"
            " category.name AS running_category, build.version AS running_version,"
            " build.id AS running_build_id"
        ),
        conditions=conditions,
        orders=(Order(("lower(device.name)", "device.id"), descending=False),),
    )


def _json(ids: Sequence[str]) -> str:
    return msgspec.json.encode(ids).decode()
