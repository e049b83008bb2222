"""The builds of a category."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

import msgspec
from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.builds import change_build, create_build
from application.commands.deletion import delete_build
from application.errors import InvalidError
from application.projections.views import Row
from web.api.firmware_upgrader.builds import build_fields
from web.api.lookup import changeable, visible
from web.console.confirming import confirmed
from web.console.firmware.section import blueprint
from web.console.firmware.uploading import build_page
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import isolated
from web.state import flashlog


@blueprint.page("/firmware/builds/<uuid:build_id>/", "view_build", "change_build")
def build(build_id: UUID) -> Response:
    """Show a build with its images, and how new ones are added."""
    return build_page(build_id)


@blueprint.page(
    "/firmware/categories/<uuid:category_id>/builds/add/",
    "add_build",
    methods=("GET", "POST"),
)
def add_build(category_id: UUID) -> AnyResponse:
    """Make a build of a category."""
    category = changeable("category", category_id)
    if request.method != "POST":
        return _form(category)
    try:
        fields = build_fields(_said(category_id), is_partial=False)
        made = create_build(flashlog(), **fields, by=g.user_id)
    except InvalidError as error:
        return _form(category, errors=error.fields)
    flash(_("The build was added. Now add its images."), "success")
    return _to(made)


@blueprint.page(
    "/firmware/builds/<uuid:build_id>/edit/", "change_build", methods=("GET", "POST")
)
def edit_build(build_id: UUID) -> AnyResponse:
    """Change a build."""
    row = changeable("build", build_id)
    category_id = UUID(row["category_id"])
    category = visible("category", category_id)
    if request.method != "POST":
        return _form(category, row)
    try:
        changes = build_fields(_said(category_id), is_partial=True)
        change_build(flashlog(), build_id, changes, by=g.user_id)
    except InvalidError as error:
        return _form(category, row, errors=error.fields)
    flash(_("The build was changed."), "success")
    return _to(build_id)


@blueprint.page(
    "/firmware/builds/<uuid:build_id>/delete/",
    "delete_build",
    methods=("GET", "POST"),
)
def remove_build(build_id: UUID) -> AnyResponse:
    """Delete a build with its images."""
    row = changeable("build", build_id)
    return confirmed(
        lambda: delete_build(flashlog(), build_id, by=g.user_id),
        question=_("Delete the build %(name)s?") % {"name": isolated(row["version"])},
        sentences=[
            _("Its images are deleted with it, for good."),
            _("What was upgraded stays in the history; no router is changed."),
        ],
        button=_("Delete build"),
        done=_("The build was deleted."),
        back=url_for("firmware.build", build_id=build_id),
        onward=url_for("firmware.category", category_id=row["category_id"]),
    )


def _said(category_id: UUID) -> dict[str, Any]:
    """Return what the form says, as a client of the interface would say it."""
    form = request.form.to_dict()
    checks = form.get("health_checks", "").splitlines()
    return form | {
        "category": str(category_id),
        "os": form.get("os", "").strip() or None,
        "health_checks": [line.strip() for line in checks if line.strip()],
    }


def _form(
    category: Row,
    row: Row | None = None,
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> Response:
    """Show the form, with what was typed."""
    said = dict(row or {})
    if row is not None:
        said["health_checks"] = "\n".join(msgspec.json.decode(row["health_checks"]))
    return show(
        "firmware/build_form.html",
        HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK,
        category=category,
        build=row,
        said=said | request.form.to_dict(),
        errors=errors or {},
    )


def _to(build_id: UUID) -> AnyResponse:
    path = url_for("firmware.build", build_id=build_id)
    return redirect(path, HTTPStatus.SEE_OTHER)
