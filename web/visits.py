"""Read-only visits that people ask a service for, on its pages and over REST."""

from collections.abc import Sequence
from typing import cast
from uuid import UUID

from flask import current_app, g

from application.procedure.check import CheckReport, ImageFit, check_device
from application.projections.views import Row
from application.queries.upgrade_choice import image_in_words
from application.read_only_visits import ReadOnlyVisits, Round
from web.state import flashlog

_NAME = "flashlog.visits"
_AT_ONCE_MAX = 16
WAITING_MAX = 1000
# So long a request waits for its visits; who goes on looking comes after it.
_WAIT_SECONDS = 4.0


def begin(device_ids: Sequence[UUID]) -> Round:
    """Visit routers, and wait a moment for them. Raises TooManyVisitsError."""
    at = flashlog().clock.now()
    asked = _visits().begin(device_ids, by=g.user_id, at=at)
    return wait(asked)


def wait(asked: Round) -> Round:
    """Wait a moment for the rest of them."""
    _visits().wait(asked, limit_seconds=_WAIT_SECONDS)
    return asked


def find(round_id: UUID) -> Round | None:
    """Return what somebody has asked for lately; whoever asks need not be the same."""
    return _visits().find(round_id)


def fits(device: Row, report: CheckReport) -> list[tuple[Row, ImageFit]]:
    """Return the images that the device's organization has, those that fit first."""
    views = flashlog().views
    found = []
    for fit in report.images:
        image = image_in_words(views, fit.image_id)
        if image and image["organization_id"] in {None, device["organization_id"]}:
            found.append((image, fit))
    return sorted(found, key=lambda each: (bool(each[1].reason), -each[0]["position"]))


def _visits() -> ReadOnlyVisits:
    """Return the visits of this process, made when they are first asked for."""
    house = flashlog()
    made = ReadOnlyVisits(
        lambda device_id: check_device(house, device_id),
        at_once_max=_AT_ONCE_MAX,
        waiting_max=WAITING_MAX,
    )
    return cast("ReadOnlyVisits", current_app.extensions.setdefault(_NAME, made))
