"""How images come into a build: one file in a form, or many that are dropped.

Scripts send each file in a request of its own, to the same path as the form, and show
beside the file what the page says that they are answered with.
"""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, flash, redirect, request, url_for
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Response as AnyResponse

from application.access import Condition
from application.adapters.image_file import StoreFullError
from application.errors import InvalidError
from application.queries.catalogue import images
from application.queries.firmware import fitting_by_image, running_by_image
from application.queries.fleet_fit import fleet_fit
from web.api.authentication import asking
from web.api.firmware_upgrader.images import image_types_known, take_image
from web.api.lookup import changeable, visible
from web.console.firmware.section import blueprint, may
from web.console.rendering import show
from web.console.section import require
from web.console.texts import gettext as _
from web.state import flashlog
from web.uploads import submitted_file, too_big


@blueprint.page(
    "/firmware/builds/<uuid:build_id>/images/",
    "add_firmwareimage",
    methods=("POST",),
    takes_images=True,
)
def upload(build_id: UUID) -> AnyResponse:
    """Add an image to a build."""
    changeable("build", build_id)
    try:
        size_bytes_max = flashlog().settings.image_size_max_bytes
        file = submitted_file(request, size_bytes_max=size_bytes_max)
        image_id = take_image(build_id, file, _said())
    except InvalidError as error:
        return build_page(build_id, HTTPStatus.BAD_REQUEST, error.fields, request.form)
    except StoreFullError as error:
        problem = {"file": [str(error)]}
        return build_page(
            build_id, HTTPStatus.INSUFFICIENT_STORAGE, problem, request.form
        )
    name = visible("image", image_id)["file_name"]
    flash(_("%(name)s was added.") % {"name": name}, "success")
    path = url_for("firmware.build", build_id=build_id)
    return redirect(path, HTTPStatus.SEE_OTHER)


@blueprint.errorhandler(RequestEntityTooLarge)
def _too_big(error: RequestEntityTooLarge) -> Response:
    """Say beside the file that it is too big; nothing of it was taken."""
    require("add_firmwareimage")
    build_id = (request.view_args or {})["build_id"]
    problem = too_big(flashlog().settings.image_size_max_bytes)
    return build_page(build_id, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, problem.fields)


def build_page(
    build_id: UUID,
    status: HTTPStatus = HTTPStatus.OK,
    errors: Mapping[str, Sequence[str]] | None = None,
    said: Mapping[str, str] | None = None,
) -> Response:
    """Show a build with its images.

    `errors` are of the file that was sent, `said` is what was said of it.
    """
    row, account = visible("build", build_id), asking()
    views = flashlog().views
    found = images((Condition("image.build_id = ?", (str(build_id),)),)).all(views)
    owner = row["organization_id"]
    return show(
        "firmware/build.html",
        status,
        build=row,
        category=visible("category", UUID(row["category_id"])),
        health_checks=msgspec.json.decode(row["health_checks"]),
        images=found,
        running=running_by_image(views, account),
        fitting=fitting_by_image(views, account, found),
        fit=fleet_fit(
            views,
            build_id,
            organization_id=UUID(owner) if owner else None,
            seen=account.seen("device.organization_id", shared=False),
        ),
        types=sorted(image_types_known().items(), key=lambda each: each[1].lower()),
        said=said or {},
        errors=errors or {},
        may=may,
    )


def _said() -> dict[str, Any]:
    """Return what the form says, as a client of the interface would say it."""
    boards = request.form.get("boards", "").split()
    return {"type": request.form.get("type", ""), "boards": boards}
