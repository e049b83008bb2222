"""Operations in words: a page of a list, with the names of what each is about."""

from collections.abc import Sequence
from uuid import UUID

from application.access import Account, Condition
from application.projections.views import Row, Views
from application.queries.folding import folded
from application.queries.lists import Order, Query

# The names of devices that were deleted are known still.
_SOURCE = (
    "operation LEFT JOIN device_owner ON device_owner.id = operation.device_id"
    " LEFT JOIN device ON device.id = operation.device_id"
    " LEFT JOIN image ON image.id = operation.image_id"
    " LEFT JOIN build ON build.id = image.build_id"
    " LEFT JOIN category ON category.id = build.category_id"
)
_COLUMNS = (
    "operation.*, device_owner.name AS device_name, image.file_name AS file_name,"
    " image.type AS image_type, build.id AS build_id, build.version AS version,"
    " category.name AS category_name,"
    " CASE WHEN device.id IS NULL THEN 0 ELSE 1 END AS has_device"
)
# What a list may be narrowed to beside the statuses.
OF_OWED = Condition("operation.owed <> '' AND operation.status <> 'in-progress'")


def operations_in_words(
    account: Account,
    *,
    device_id: UUID | None = None,
    batch_id: UUID | None = None,
    image_id: UUID | None = None,
    status: str | None = None,
    name: str = "",
    owes: bool = False,
) -> Query:
    """Return the operations that an account sees and asks for, newest first."""
    equal = {
        "operation.device_id": device_id,
        "operation.batch_id": batch_id,
        "operation.image_id": image_id,
        "operation.status": status,
    }
    conditions = [
        Condition(f"{column} = ?", (str(value),))
        for column, value in equal.items()
        if value
    ]
    if name:
        contains = "instr(lower(device_owner.name), ?) > 0"
        conditions.append(Condition(contains, (folded(name),)))
    if owes:
        conditions.append(OF_OWED)
    if not account.is_superuser:
        conditions.append(account.seen("operation.organization_id", shared=False))
    return Query(
        source=_SOURCE,
        columns=_COLUMNS,
        conditions=tuple(conditions),
        orders=(Order(("operation.position",)),),
    )


def operation_in_words(views: Views, operation_id: UUID) -> Row | None:
    """Return one operation, whoever sees it."""
    found = views.rows(
        f"SELECT {_COLUMNS} FROM {_SOURCE} WHERE operation.id = ?",  # noqa: S608
        [str(operation_id)],
    )
    return found[0] if found else None


def repetitions(views: Views, operation: Row) -> Sequence[Row]:
    """Return the operations that repeat another one, oldest first."""
    return views.rows(
        "SELECT id, status, created FROM operation"
        " WHERE device_id = ? AND retry_of = ? ORDER BY position",
        [operation["device_id"], operation["id"]],
    )
