"""Read-only visits: what is on a router, and which images fit, before any upgrade."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import cast
from uuid import UUID

from flask import Response, current_app, g, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.procedure.check import CheckReport, ImageFit, check_device
from application.projections.views import Row
from application.queries.device_list import Asked, devices_in_words
from application.queries.upgrade_choice import image_in_words
from application.read_only_visits import ReadOnlyVisits, Round
from web.api.authentication import asking
from web.api.lookup import missing
from web.console.devices.section import CHANGE, SEE, blueprint, device_of, may_upgrade
from web.console.rendering import show
from web.state import flashlog

_NAME = "flashlog.visits"
_AT_ONCE_MAX = 16
_WAITING_MAX = 1000
# So long a request waits for its visit; a page that goes on looking comes after it.
_WAIT_SECONDS = 4.0


@blueprint.page("/devices/<uuid:device_id>/check/", CHANGE, methods=("POST",))
def check(device_id: UUID) -> AnyResponse:
    """Visit one router now, and show what was found."""
    device_of(device_id)
    return begin_visits([device_id])


@blueprint.page("/devices/visits/<uuid:round_id>/", *SEE)
def visits(round_id: UUID) -> Response:
    """Show what visits have found so far."""
    asked = _visits().find(round_id)
    if asked is None or asked.by != g.user_id:
        raise missing("Visit")
    if len(asked.device_ids) == 1:
        return _one(asked)
    query = devices_in_words(asking(), Asked(among=asked.device_ids))
    rows = query.page(flashlog().views, limit=_WAITING_MAX, offset=0)
    return show("device_visits.html", asked=asked, rows=rows, reports=_by_id(asked))


def begin_visits(device_ids: Sequence[UUID]) -> AnyResponse:
    """Visit routers and lead to what is found. Raises TooManyVisitsError."""
    at = flashlog().clock.now()
    asked = _visits().begin(device_ids, by=g.user_id, at=at)
    _visits().wait(asked, limit_seconds=_WAIT_SECONDS)
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
        fits=_fits(device, report) if report else [],
        may_upgrade=may_upgrade(asking(), device),
    )


def _fits(device: Row, report: CheckReport) -> list[tuple[Row, ImageFit]]:
    """Return the images that the device's organization has, those that fit first."""
    views = flashlog().views
    found = []
    for fit in report.images:
        image = image_in_words(views, fit.image_id)
        if image and image["organization_id"] in {None, device["organization_id"]}:
            found.append((image, fit))
    return sorted(found, key=lambda each: (bool(each[1].reason), -each[0]["position"]))


def _by_id(asked: Round) -> dict[str, CheckReport]:
    return {str(each): report for each, report in dict(asked.reports).items()}


def _visits() -> ReadOnlyVisits:
    """Return the visits of this process, made when they are first asked for."""
    house = flashlog()
    made = ReadOnlyVisits(
        lambda device_id: check_device(house, device_id),
        at_once_max=_AT_ONCE_MAX,
        waiting_max=_WAITING_MAX,
    )
    return cast("ReadOnlyVisits", current_app.extensions.setdefault(_NAME, made))
