"""One mass upgrade: how far it is, what holds it, and a page of its operations."""

from uuid import UUID

import msgspec
from flask import Response, request, url_for

from application.access import Condition
from application.past.stories import of_batch
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
from application.queries.histories import about_batch, count_about_batch, history_of
from application.queries.operations import STATUSES
from application.queries.telling import names_of
from web.api.authentication import asking
from web.api.lookup import missing, seen
from web.console.listing import Listing
from web.console.mass_upgrades.section import DECIDE, SEE, blueprint, may
from web.console.rendering import show
from web.console.replaying import Replay, asked_event, replay_of, replayed
from web.console.texts import gettext as _
from web.state import flashlog, state

_RUNNING = ("idle", "in-progress")


@blueprint.page("/mass-upgrades/<uuid:batch_id>/", *SEE)
def detail(batch_id: UUID) -> Response:
    """Show a mass upgrade, with `?at=` as it was after that many of its events.

    How many there are is counted. Where each of them is, is asked for what was alone.
    """
    row = row_of(batch_id)
    replay = Replay.of_last(count_about_batch(flashlog(), asking(), row))
    if asked_event() is not None:
        events = about_batch(flashlog(), asking(), batch_id)
        until = flashlog().log.end()
        replay = replay_of(history_of(flashlog(), events, until=until).positions)
    return replayed(
        replay,
        of_batch(batch_id),
        lambda: _page(batch_id, replay),
        path=url_for("mass_upgrades.detail", batch_id=batch_id),
        name=_("Mass upgrade to %(name)s")
        % {"name": f"{row['category_name']} {row['build_version']}"},
    )


def _page(batch_id: UUID, replay: Replay) -> Response:
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
        # What they were called then is not told.
        name="" if replay.is_past else request.args.get("name", "").strip(),
        order=order if order in ORDERS else "",
    )
    listing = Listing.of(
        found.count(), lambda page: found.page(limit=page.size, offset=page.offset)
    )
    how_far = progress(views, account, row)
    is_running = row["status"] in _RUNNING and not replay.is_past
    return show(
        "mass_upgrades/detail.html",
        batch=row,
        progress=how_far,
        pace=_pace(row, how_far.left) if is_running else None,
        is_running=is_running,
        listing=listing,
        replay=replay,
        devices=names_of(
            state().flashlog.views, [each["device_id"] for each in listing.rows]
        ),
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
