"""All operations, newest first: what runs, what failed, what is owed."""

from flask import Response, request

from application.queries.operation_list import operations_in_words
from application.queries.operations import STATUSES
from web.api.authentication import asking
from web.api.lookup import reference
from web.console.listing import Listing
from web.console.operations.section import SEE, blueprint
from web.console.rendering import show
from web.state import flashlog

# What may be chosen beside a status.
_OWES = "owes"


@blueprint.page("/operations/", *SEE)
def index() -> Response:
    """List operations, as far as they are asked for."""
    views = flashlog().views
    asked = request.args.get("status", "")
    query = operations_in_words(
        asking(),
        device_id=reference("device", "device"),
        batch_id=reference("batch", "batch"),
        image_id=reference("image", "image"),
        status=asked if asked in STATUSES else None,
        name=request.args.get("name", "").strip(),
        owes=asked == _OWES,
    )
    listing = Listing.of(
        query.count(views),
        lambda page: query.page(views, limit=page.size, offset=page.offset),
    )
    return show("operations.html", listing=listing, asked=request.args)
