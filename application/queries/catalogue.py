"""Lists of categories, builds and images, and what is in an image."""

from uuid import UUID

from application.access import ALL, Condition
from application.projections.views import Views
from application.queries.lists import Order, Query

BUILD_COLUMNS = (
    "build.*, category.name AS category_name,"
    " category.organization_id AS organization_id"
)


def categories(conditions: tuple[Condition, ...]) -> Query:
    """Return the list of categories."""
    return Query(
        source="category",
        columns="*",
        conditions=conditions,
        orders=(Order(("name",)), Order(("position",))),
    )


def builds(conditions: tuple[Condition, ...]) -> Query:
    """Return the list of builds, with name and organization of their category."""
    return Query(
        source="build JOIN category ON category.id = build.category_id",
        columns=BUILD_COLUMNS,
        conditions=conditions,
        orders=(Order(("build.position",)), Order(("build.version",))),
    )


def images(conditions: tuple[Condition, ...]) -> Query:
    """Return the list of images."""
    return Query(
        source=(
            "image JOIN build ON build.id = image.build_id"
            " JOIN category ON category.id = build.category_id"
        ),
        columns="image.*, build.version AS version, category.name AS category",
        conditions=conditions,
        orders=(Order(("image.position",)),),
    )


def is_type_in_use(views: Views, build_id: UUID, type_name: str) -> bool:
    """Whether a build has an image of a type."""
    return bool(views.all("image", {"build_id": str(build_id), "type": type_name}))


def types_in_use(views: Views, conditions: tuple[Condition, ...]) -> dict[str, str]:
    """Return the types of the images that fit, with their labels."""
    query = images(conditions)
    where = " AND ".join(condition.text for condition in conditions) or ALL.text
    rows = views.rows(
        f"SELECT image.type AS type, max(image.label) AS label FROM {query.source}"  # noqa: S608
        f" WHERE {where} GROUP BY image.type ORDER BY image.type",
        [value for condition in conditions for value in condition.values],
    )
    return {row["type"]: row["label"] for row in rows}
