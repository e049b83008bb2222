"""How a mass upgrade is begun: choose, look at who it would be, begin."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from urllib.parse import urlencode
from uuid import UUID, uuid4

from flask import Response, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.batches import selected, start_batch
from application.commands.idempotency import RequestKey
from application.errors import InvalidError, RefusedError
from application.queries import choices
from web.api.authentication import asking
from web.api.filters import slug
from web.api.idempotency import once
from web.api.lookup import changeable
from web.console.mass_upgrades.asking import LIMITS, Asked, asked
from web.console.mass_upgrades.rehearsal import Rehearsal
from web.console.mass_upgrades.section import blueprint, may
from web.console.rendering import show
from web.console.section import require
from web.console.texts import gettext as _
from web.state import flashlog

_LOOK = ("view_build", "change_build")
_START = "add_build"
_CONFIRMATION = "confirmed_version"


@blueprint.page("/mass-upgrades/new/", *_LOOK)
def new() -> Response:
    """Choose what is upgraded, whom, and how."""
    return _form()


@blueprint.page("/mass-upgrades/check/", *_LOOK, methods=("GET", "POST"))
def check() -> AnyResponse:
    """Show who would be upgraded; on POST begin just that."""
    try:
        wanted = asked()
    except InvalidError as error:
        return _form(HTTPStatus.BAD_REQUEST, error.fields)
    if request.method != "POST":
        return _rehearsed(wanted)
    require(_START)
    changeable("build", wanted.build_id)
    try:
        _confirm(wanted)
        return once(
            lambda key: _start(wanted, key),
            again=lambda used: used.owner_id,
            shown=_begun,
            key_text=request.form.get("key"),
        )
    except InvalidError as error:
        return _rehearsed(wanted, HTTPStatus.BAD_REQUEST, errors=error.fields)
    except RefusedError as error:
        return _rehearsed(wanted, HTTPStatus.CONFLICT, problem=str(error))


def _start(wanted: Asked, key: RequestKey) -> UUID:
    return start_batch(
        flashlog(),
        asking(),
        build_id=wanted.build_id,
        wish=wanted.wish,
        key=key,
        agreed=request.form.get("agreed", ""),
    )


def _begun(batch_id: UUID) -> AnyResponse:
    flash(_("The mass upgrade was started."), "success")
    path = url_for("mass_upgrades.detail", batch_id=batch_id)
    return redirect(path, HTTPStatus.SEE_OTHER)


def _confirm(wanted: Asked) -> None:
    """Require the version where something is dangerous. Raises InvalidError."""
    version = wanted.build["version"]
    if wanted.dangers and request.form.get(_CONFIRMATION, "").strip() != version:
        sentence = _("Nothing was started: type the version exactly, %(version)s.")
        raise InvalidError.of(_CONFIRMATION, sentence % {"version": version})


def _form(
    status: HTTPStatus = HTTPStatus.OK,
    errors: Mapping[str, Sequence[str]] | None = None,
) -> Response:
    views, account, of = flashlog().views, asking(), slug("organization")
    settings = flashlog().settings
    return show(
        "mass_upgrades/new.html",
        status,
        organizations=choices.organizations(views, account),
        builds=choices.builds(views, account, organization_slug=of),
        groups=choices.named(views, account, "device_group", organization_slug=of),
        locations=choices.named(views, account, "location", organization_slug=of),
        defaults={name: getattr(settings, name) for name in LIMITS},
        said=request.args,
        errors=errors or {},
    )


def _rehearsed(
    wanted: Asked,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
) -> Response:
    found = selected(flashlog(), asking(), wanted.build_id, wanted.wish)
    rehearsal = Rehearsal(found, upgrade_all=wanted.wish.upgrade_all)
    return show(
        "mass_upgrades/check.html",
        status,
        asked=wanted,
        query=urlencode(wanted.fields),
        rehearsal=rehearsal,
        listing=rehearsal.listing(),
        key=uuid4(),
        problem=problem,
        errors=errors or {},
        may_start=may(_START, wanted.build),
    )
