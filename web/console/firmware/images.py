"""One image: what it says of itself, and which devices it is for."""

from uuid import UUID

from flask import Response, g, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.deletion import delete_image
from application.queries.firmware import devices_of_image, image_facts
from web.api.authentication import asking
from web.api.lookup import changeable, visible
from web.console.confirming import confirmed
from web.console.firmware.section import blueprint, may
from web.console.listing import Listing
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import isolated
from web.state import flashlog


@blueprint.page(
    "/firmware/images/<uuid:image_id>/", "view_firmwareimage", "change_firmwareimage"
)
def image(image_id: UUID) -> Response:
    """Show an image, and a page of the devices that run it or could."""
    row, account = visible("image", image_id), asking()
    build = visible("build", UUID(row["build_id"]))
    views = flashlog().views
    devices = devices_of_image(views, account, row)
    counts = {
        "running": devices.running.count(views),
        "others": devices.others.count(views),
    }
    default = "running" if counts["running"] else "others"
    shown = request.args.get("devices", "")
    shown = shown if shown in counts else default
    query = devices.running if shown == "running" else devices.others
    return show(
        "firmware/image.html",
        image=row,
        facts=image_facts(flashlog(), image_id),
        build=build,
        category=visible("category", UUID(build["category_id"])),
        counts=counts,
        shown=shown,
        listing=Listing.of(
            counts[shown],
            lambda page: query.page(views, limit=page.size, offset=page.offset),
        ),
        may_download=account.is_superuser or account.is_staff,
        may=may,
    )


@blueprint.page(
    "/firmware/images/<uuid:image_id>/delete/",
    "delete_firmwareimage",
    methods=("GET", "POST"),
)
def remove_image(image_id: UUID) -> AnyResponse:
    """Delete an image."""
    row = changeable("image", image_id)
    return confirmed(
        lambda: delete_image(flashlog(), image_id, by=g.user_id),
        question=_("Delete the image %(name)s?") % {"name": isolated(row["file_name"])},
        sentences=[
            _("Its file is deleted, for good."),
            _("What was upgraded stays in the history; no router is changed."),
        ],
        button=_("Delete image"),
        done=_("The image was deleted."),
        back=url_for("firmware.image", image_id=image_id),
        onward=url_for("firmware.build", build_id=row["build_id"]),
    )
