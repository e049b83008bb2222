"""Batches and their operations, as far as an account may see them."""

from uuid import UUID

import msgspec

from application.access import Account, Condition
from application.flashlog import Flashlog
from application.projections.rows import moment
from application.projections.views import Row, Views
from application.queries import operations
from application.queries.lists import NO_LIMIT, Order, Query
from application.queries.operations import (
    STATUSES,
    Wanted,
    list_operations,
    seen_by,
)
from domain.base import rebuild
from domain.catalogue import Build, BuildDeleted, Category
from domain.errors import NotFoundError

BATCH_STATUSES = ("idle", "in-progress", "success", "failed", "cancelled")

# What may be ordered by.
ORDERS = {"created": ("batch.position",), "modified": ("batch.modified",)}

_SOURCE = (
    "batch LEFT JOIN build ON build.id = batch.build_id"
    " LEFT JOIN category ON category.id = batch.category_id"
    " LEFT JOIN device_group ON device_group.id = batch.group_id"
    " LEFT JOIN location ON location.id = batch.location_id"
)
_COLUMNS = (
    "batch.*,"
    # What has ended has nothing to be held back from.
    " CASE WHEN batch.status IN ('idle', 'in-progress') THEN batch.held ELSE '' END"
    " AS held,"
    " build.version AS build_version, build.os AS build_os,"
    " build.changelog AS build_changelog, build.created AS build_created,"
    " build.modified AS build_modified, category.name AS category_name,"
    # None where it was deleted
    " device_group.id AS known_group_id, location.id AS known_location_id,"
    # Flashed, and the outcome is not known yet.
    " (SELECT count(*) FROM operation WHERE operation.batch_id = batch.id"
    " AND status = 'in-progress' AND cancellable = 0) AS flashing"
)
COUNTED = ("in_progress", *STATUSES[1:], "flashing")


def batches() -> Query:
    """Return all batches with their builds, newest first."""
    return Query(source=_SOURCE, columns=_COLUMNS, orders=(Order(("batch.position",)),))


def counts_for(views: Views, account: Account, batch: Row) -> dict[str, int]:
    """Return how many of a batch's operations have each status, and are flashing.

    Of a batch that all organizations share, managers are told of their own devices
    alone.
    """
    if account.is_superuser or batch["organization_id"] is not None:
        return {name: batch[name] for name in COUNTED}
    seen = account.seen("organization_id", shared=False)
    (found,) = views.rows(
        "SELECT "  # noqa: S608 - names of ours
        + ", ".join(
            f"count(*) FILTER (WHERE status = '{status}') AS {name}"
            for status, name in zip(STATUSES, COUNTED, strict=False)
        )
        + ", count(*) FILTER (WHERE status = 'in-progress' AND cancellable = 0)"
        f" AS flashing FROM operation WHERE batch_id = ? AND {seen.text}",
        [batch["id"], *seen.values],
    )
    return found


def operations_for(views: Views, account: Account, batch_id: UUID) -> list[Row]:
    """Return a batch's operations that the account may see, in their order."""
    wanted = Wanted(batch_id=batch_id, seen=seen_by(account))
    oldest_first = operations.Order("created", descending=False)
    return list_operations(
        views, wanted, orders=[oldest_first], limit=NO_LIMIT, offset=0
    )


def newest(flashlog: Flashlog, *, status: str | None, limit: int) -> list[Row]:
    """Return the newest batches, all or those with a status."""
    of_status = (Condition("batch.status = ?", (status,)),) if status else ()
    query = msgspec.structs.replace(batches(), conditions=of_status)
    rows = query.page(flashlog.views, limit=limit, offset=0)
    return [in_words(flashlog, row) for row in rows]


def with_build(flashlog: Flashlog, batch: Row) -> Row:
    """Add what was said of a build, and of its category, until they were deleted."""
    if batch["build_version"] is not None:
        return batch
    build_id, category_id = UUID(batch["build_id"]), UUID(batch["category_id"])
    facts = [
        each
        for each in flashlog.log.story(build_id)
        if not isinstance(each.event, BuildDeleted)
    ]
    build = rebuild(None, (each.event for each in facts))
    told = flashlog.log.story(category_id)
    category = rebuild(None, (each.event for each in told))
    if not isinstance(build, Build) or not isinstance(category, Category):
        msg = f"there is no story of the build of batch {batch['id']}"
        raise NotFoundError(msg)
    return batch | {
        "category_name": category.name,
        "build_version": build.software_version,
        "build_os": build.os,
        "build_changelog": build.changelog,
        "build_created": moment(facts[0].recorded_at),
        "build_modified": moment(facts[-1].recorded_at),
    }


def in_words(flashlog: Flashlog, row: Row) -> Row:
    """Return a row with its lists and options read, and its build."""
    lists = ("options", "expendable_packages")
    return with_build(flashlog, row) | {
        name: msgspec.json.decode(row[name]) for name in lists
    }
