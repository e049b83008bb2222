"""One mass upgrade: how far it is, what holds it, and a page of its operations."""

from uuid import UUID

import msgspec
from flask import Response, request

from application.access import Condition
from application.procedure.story import last_words
from application.projections.views import Row
from application.queries.batch_progress import (
    ORDERS,
    begun_by,
    operations_page,
    pace,
    progress,
)
from application.queries.batches import batches, in_words
from application.queries.operations import STATUSES
from web.api.authentication import asking
from web.api.lookup import missing, seen
from web.console.listing import Listing
from web.console.mass_upgrades.section import DECIDE, SEE, blueprint, may
from web.console.rendering import show
from web.state import flashlog, state

_RUNNING = ("idle", "in-progress")


@blueprint.page("/mass-upgrades/<uuid:batch_id>/", *SEE)
def detail(batch_id: UUID) -> Response:
    """Show a mass upgrade with the operations that are asked for."""
    # The batch first: it never looks done while an operation that is shown is not.
    row = row_of(batch_id)
    views, account = flashlog().views, asking()
    status = request.args.get("status", "")
    order = request.args.get("ordering", "")
    found = operations_page(
        views,
        account,
        batch_id,
        status=status if status in STATUSES else None,
        name=request.args.get("name", "").strip(),
        order=order if order in ORDERS else "",
    )
    listing = Listing.of(
        found.count(), lambda page: found.page(limit=page.size, offset=page.offset)
    )
    how_far = progress(views, account, row)
    is_running = row["status"] in _RUNNING
    return show(
        "mass_upgrades/detail.html",
        batch=row,
        progress=how_far,
        pace=_pace(row, how_far.left) if is_running else None,
        is_running=is_running,
        listing=listing,
        words={each["id"]: _last_words(each) for each in listing.rows},
        asked=request.args,
        begun_by=begun_by(flashlog(), batch_id),
        may_decide=may(DECIDE, row),
        group=_name("device_group", row["known_group_id"]),
        location=_name("location", row["known_location_id"]),
    )


def row_of(batch_id: UUID) -> Row:
    """Return a mass upgrade in words. Raises AnswerError (404)."""
    by_id = Condition("batch.id = ?", (str(batch_id),))
    query = msgspec.structs.replace(batches(), conditions=(by_id, *seen("batch")))
    found = query.all(flashlog().views)
    if not found:
        raise missing("BatchUpgradeOperation")
    return in_words(flashlog(), found[0])


def _pace(row: Row, left: int) -> object:
    now = flashlog().clock.now()
    return pace(flashlog().views, asking(), row, left=left, now=now)


def _last_words(operation: Row) -> str:
    lines = state().stories.lines(
        UUID(operation["id"]), version=operation["story_version"]
    )
    return last_words(lines, operation["status"])


def _name(table: str, thing_id: str | None) -> str:
    row = flashlog().views.one(table, thing_id) if thing_id else None
    return str(row["name"]) if row else ""
