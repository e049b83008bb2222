"""The catalogue at a glance, and its categories."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.categories import change_category, create_category
from application.commands.deletion import delete_category
from application.errors import InvalidError
from application.projections.views import Row
from application.queries import choices
from application.queries.catalogue import categories
from application.queries.firmware import builds_of, newest_builds, running_by_build
from application.queries.lists import Order, Query
from web.api.authentication import asking
from web.api.firmware_upgrader.categories import category_fields
from web.api.lookup import changeable, seen, visible
from web.console.confirming import confirmed
from web.console.firmware.section import blueprint, may
from web.console.listing import Listing
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import isolated
from web.state import flashlog

# So many builds of each category are shown before "all builds".
_BUILDS_SHOWN = 5
_CATEGORIES_SHOWN = 20
# Who may see builds may see what they are builds of.
_LOOK = ("view_category", "change_category", "view_build", "change_build")


@blueprint.page("/firmware/", *_LOOK)
def index() -> Response:
    """Show every category with its newest builds."""
    views = flashlog().views
    query = _by_name(categories(seen("category")))
    listing = Listing.of(
        query.count(views),
        lambda page: query.page(views, limit=page.size, offset=page.offset),
        size=_CATEGORIES_SHOWN,
    )
    ids = [row["id"] for row in listing.rows]
    return show(
        "firmware/index.html",
        listing=listing,
        builds=newest_builds(views, ids, limit=_BUILDS_SHOWN),
        running=running_by_build(views, asking()),
        owners=owners(),
        may=may,
    )


@blueprint.page("/firmware/categories/<uuid:category_id>/", *_LOOK)
def category(category_id: UUID) -> Response:
    """Show a category with all of its builds."""
    row = visible("category", category_id)
    views, query = flashlog().views, builds_of(category_id)
    listing = Listing.of(
        query.count(views),
        lambda page: query.page(views, limit=page.size, offset=page.offset),
    )
    return show(
        "firmware/category.html",
        category=row,
        listing=listing,
        running=running_by_build(views, asking()),
        owners=owners(),
        may=may,
    )


@blueprint.page("/firmware/categories/add/", "add_category", methods=("GET", "POST"))
def add_category() -> AnyResponse:
    """Make a category."""
    if request.method != "POST":
        return _form()
    try:
        made = create_category(
            flashlog(), **category_fields(is_partial=False), by=g.user_id
        )
    except InvalidError as error:
        return _form(errors=error.fields)
    flash(_("The category was added. Now add its first build."), "success")
    return _to(made)


@blueprint.page(
    "/firmware/categories/<uuid:category_id>/edit/",
    "change_category",
    methods=("GET", "POST"),
)
def edit_category(category_id: UUID) -> AnyResponse:
    """Change a category."""
    row = changeable("category", category_id)
    if request.method != "POST":
        return _form(row)
    try:
        changes = category_fields(is_partial=True)
        change_category(flashlog(), category_id, changes, by=g.user_id)
    except InvalidError as error:
        return _form(row, errors=error.fields)
    flash(_("The category was changed."), "success")
    return _to(category_id)


@blueprint.page(
    "/firmware/categories/<uuid:category_id>/delete/",
    "delete_category",
    methods=("GET", "POST"),
)
def remove_category(category_id: UUID) -> AnyResponse:
    """Delete a category with all that is in it."""
    row = changeable("category", category_id)
    return confirmed(
        lambda: delete_category(flashlog(), category_id, by=g.user_id),
        question=_("Delete the category %(name)s?") % {"name": isolated(row["name"])},
        sentences=[
            _("Its builds and their images are deleted with it, for good."),
            _("What was upgraded stays in the history; no router is changed."),
        ],
        button=_("Delete category"),
        done=_("The category was deleted."),
        back=url_for("firmware.category", category_id=category_id),
        onward=url_for("firmware.index"),
    )


def owners() -> dict[str, str]:
    """Return the names of the organizations that whoever asks manages, by id."""
    found = choices.organizations(flashlog().views, asking())
    return {row["id"]: row["name"] for row in found}


def _by_name(query: Query) -> Query:
    order = Order(("lower(category.name)", "category.position"), descending=False)
    return msgspec.structs.replace(query, orders=(order,))


def _form(
    row: Row | None = None, *, errors: Mapping[str, Sequence[str]] | None = None
) -> Response:
    """Show the form, with what was typed."""
    said = dict(row or {}) | {"organization": row["organization_id"] if row else ""}
    return show(
        "firmware/category_form.html",
        HTTPStatus.BAD_REQUEST if errors else HTTPStatus.OK,
        category=row,
        said=said | request.form.to_dict(),
        owners=owners(),
        errors=errors or {},
    )


def _to(category_id: UUID) -> AnyResponse:
    path = url_for("firmware.category", category_id=category_id)
    return redirect(path, HTTPStatus.SEE_OTHER)
