"""Every mass upgrade, newest first, each with how far it is."""

import msgspec
from flask import Response, request

from application.access import Condition
from application.projections.views import Row
from application.queries.batch_progress import Progress, progress
from application.queries.batches import BATCH_STATUSES, batches, with_build
from application.queries.lists import Query
from web.api.authentication import asking
from web.api.lookup import reference, seen
from web.console.listing import Listing
from web.console.mass_upgrades.section import SEE, blueprint
from web.console.rendering import show
from web.state import flashlog

_HELD = "held"
_SHOWN = 20
_IS_HELD = Condition("batch.held <> '' AND batch.status IN ('idle', 'in-progress')")


class Shown(msgspec.Struct, frozen=True):
    """A mass upgrade with its build, and how far it is."""

    row: Row
    progress: Progress


@blueprint.page("/mass-upgrades/", *SEE)
def index() -> Response:
    """List mass upgrades, all or those of a status."""
    views, account = flashlog().views, asking()
    asked = request.args.get("status", "")
    build_id = reference("build", "build")
    own = seen("batch")
    if build_id is not None:
        own += (Condition("batch.build_id = ?", (str(build_id),)),)
    query = _narrowed(own, asked)
    listing = Listing.of(
        query.count(views),
        lambda page: [
            Shown(with_build(flashlog(), row), progress(views, account, row))
            for row in query.page(views, limit=page.size, offset=page.offset)
        ],
        size=_SHOWN,
    )
    words = ("", *BATCH_STATUSES, _HELD)
    return show(
        "mass_upgrades/index.html",
        listing=listing,
        asked=asked if asked in words else "",
        counts={word: _narrowed(own, word).count(views) for word in words},
        build_id=build_id,
    )


def _narrowed(own: tuple[Condition, ...], word: str) -> Query:
    conditions = own
    if word == _HELD:
        conditions += (_IS_HELD,)
    elif word in BATCH_STATUSES:
        conditions += (Condition("batch.status = ?", (word,)),)
    return msgspec.structs.replace(batches(), conditions=conditions)
