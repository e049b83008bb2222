"""Read-only visits: what is on a router, and which images fit, before any upgrade."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import Response, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.procedure.check import CheckReport
from application.queries.device_list import Asked, devices_in_words
from application.read_only_visits import Round
from web import visits as read_only_visits
from web.api.authentication import asking
from web.api.lookup import missing
from web.console.devices.section import CHANGE, SEE, blueprint, device_of, may_upgrade
from web.console.rendering import show
from web.state import flashlog


@blueprint.page("/devices/<uuid:device_id>/check/", CHANGE, methods=("POST",))
def check(device_id: UUID) -> AnyResponse:
    """Visit one router now, and show what was found."""
    device_of(device_id)
    return begin_visits([device_id])


@blueprint.page("/devices/visits/<uuid:round_id>/", *SEE)
def visits(round_id: UUID) -> Response:
    """Show what visits have found so far."""
    asked = read_only_visits.find(round_id)
    if asked is None or asked.by != g.user_id:
        raise missing("Visit")
    if len(asked.device_ids) == 1:
        return _one(asked)
    query = devices_in_words(asking(), Asked(among=asked.device_ids))
    rows = query.page(flashlog().views, limit=read_only_visits.WAITING_MAX, offset=0)
    return show("device_visits.html", asked=asked, rows=rows, reports=_by_id(asked))


def begin_visits(device_ids: Sequence[UUID]) -> AnyResponse:
    """Visit routers and lead to what is found. Raises TooManyVisitsError."""
    asked = read_only_visits.begin(device_ids)
    path = url_for("devices.visits", round_id=asked.round_id)
    return redirect(path, HTTPStatus.SEE_OTHER)


def _one(asked: Round) -> Response:
    (device_id,) = asked.device_ids
    device = device_of(device_id)
    report = asked.reports.get(device_id)
    return show(
        "device_visit.html",
        asked=asked,
        device=device,
        report=report,
        fits=read_only_visits.fits(device, report) if report else [],
        may_upgrade=may_upgrade(asking(), device),
    )


def _by_id(asked: Round) -> dict[str, CheckReport]:
    return {str(each): report for each, report in dict(asked.reports).items()}
