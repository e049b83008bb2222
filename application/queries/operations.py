"""Lists of operations: filtered, ordered, a page at a time."""

from collections.abc import Sequence
from uuid import UUID

import msgspec

from application.access import ALL, Account, Condition
from application.flashlog import Flashlog
from application.projections.rows import moment, shown
from application.projections.views import Row, Views
from application.queries.folding import begins
from domain.base import rebuild
from domain.operation.operation import UpgradeOperation

STATUSES = ("in-progress", "success", "failed", "aborted", "cancelled")

# What may be ordered by, and the columns of the index that gives that order; ties are
# settled by age.
ORDERS = {
    "created": ("position",),
    "modified": ("modified", "position"),
    "device_id": ("device_id", "position"),
}


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which operations are asked for; None is "any".

    `beginning` is how their ids begin.
    """

    device_id: UUID | None = None
    image_id: UUID | None = None
    status: str | None = None
    organization_id: UUID | None = None
    organization_slug: str | None = None
    operation_id: UUID | None = None
    batch_id: UUID | None = None
    beginning: str | None = None
    seen: Condition | None = None


def seen_by(account: Account) -> Condition | None:
    """Return which operations an account may see; None: all."""
    if account.is_superuser:
        return None
    if len(account.manages) == 1:
        # An equation walks the index in the order of the list.
        (organization_id,) = account.manages
        return Condition("organization_id = ?", (str(organization_id),))
    return account.seen("organization_id", shared=False)


_BY_SLUG = "SELECT id FROM organization WHERE slug = ?"
# One for each field of Wanted before `beginning`, in that order.
_CONDITIONS = (
    "device_id = ?",
    "image_id = ?",
    "status = ?",
    "organization_id = ?",
    f"organization_id IN ({_BY_SLUG})",
    "id = ?",
    "batch_id = ?",
)


class Order(msgspec.Struct, frozen=True):
    """A name in ORDERS and its direction."""

    name: str = "created"
    descending: bool = True


def count_operations(views: Views, wanted: Wanted) -> int:
    if wanted == Wanted():
        (newest,) = views.rows("SELECT max(number) AS found FROM operation")
        return int(newest["found"] or 0)
    condition, values = _condition(wanted)
    (found,) = views.rows(
        f"SELECT count(*) AS found FROM operation WHERE {condition}",  # noqa: S608
        values,
    )
    return int(found["found"])


def list_operations(
    views: Views,
    wanted: Wanted,
    *,
    orders: Sequence[Order] = (),
    limit: int,
    offset: int,
) -> list[Row]:
    """Return the rows of one page."""
    if wanted == Wanted() and not orders:
        return _newest(views, limit=limit, offset=offset)
    condition, values = _condition(wanted)
    order = ", ".join(
        f"{column} {'DESC' if each.descending else 'ASC'}"
        for each in (orders or [Order()])
        for column in ORDERS[each.name]
    )
    # The index alone is walked to find the page.
    return views.rows(
        "SELECT * FROM operation WHERE number IN ("  # noqa: S608
        f" SELECT number FROM operation WHERE {condition}"
        f" ORDER BY {order} LIMIT ? OFFSET ?) ORDER BY {order}",
        [*values, limit, offset],
    )


def _newest(views: Views, *, limit: int, offset: int) -> list[Row]:
    """Return a page of all operations; any page of a million is as near as the first.

    Rows are never deleted, so their numbers have no holes.
    """
    return views.rows(
        "SELECT * FROM operation"
        " WHERE number <= (SELECT max(number) FROM operation) - ?"
        " ORDER BY number DESC LIMIT ?",
        [offset, limit],
    )


def operation_row(flashlog: Flashlog, operation_id: UUID) -> Row | None:
    """Return one operation; one that is not projected yet is told from its story."""
    row = flashlog.views.one("operation", str(operation_id))
    if row is not None:
        return row
    story = flashlog.log.story(operation_id)
    operation = rebuild(None, (entry.event for entry in story))
    if not isinstance(operation, UpgradeOperation):
        return None
    seen = shown(operation)
    return ((seen.row if seen else None) or {}) | {
        "created": moment(story[0].recorded_at),
        "modified": moment(story[-1].recorded_at),
    }


def latest_operation_id(views: Views, device_id: UUID) -> UUID | None:
    """Return the newest operation of a device."""
    found = list_operations(views, Wanted(device_id=device_id), limit=1, offset=0)
    return UUID(found[0]["id"]) if found else None


def _condition(wanted: Wanted) -> tuple[str, list[str]]:
    *named, beginning, seen = msgspec.structs.astuple(wanted)
    asked = [
        Condition(text, (str(value),))
        for text, value in zip(_CONDITIONS, named, strict=True)
        if value is not None
    ]
    if beginning is not None:
        asked.append(begins("id", beginning))
    if seen is not None:
        asked.append(seen)
    text = " AND ".join(each.text for each in asked) or ALL.text
    return text, [value for each in asked for value in each.values]
