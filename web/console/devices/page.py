"""One device: who it is, what it runs, how it is reached, and what happened to it."""

from uuid import UUID

import msgspec
from flask import Response, url_for

from application.past.pages import of_device_with_upgrades
from application.projections.views import Row
from application.queries.histories import about_device, history_of
from application.queries.history import device_history
from application.queries.operation_list import operations_in_words
from application.queries.upgrade_choice import image_in_words
from web.api.authentication import asking
from web.console.devices.section import SEE, blueprint, device_of, may_upgrade
from web.console.rendering import show
from web.console.replaying import Replay, replay_of, replayed
from web.state import flashlog

_LOG_INS = ("view_deviceconnection", "change_deviceconnection")
_UPGRADES_SHOWN = 10
_HISTORY_SHOWN = 40


@blueprint.page("/devices/<uuid:device_id>/", *SEE)
def detail(device_id: UUID) -> Response:
    """Show a device with its upgrades; with `?at=` as it was after so many events."""
    now = device_of(device_id)
    events = about_device(flashlog(), asking(), device_id)
    until = flashlog().log.end()
    replay = replay_of(history_of(flashlog(), events, until=until).positions)
    return replayed(
        replay,
        of_device_with_upgrades(device_id),
        lambda: _page(device_id, replay),
        path=url_for("devices.detail", device_id=device_id),
        name=now["name"],
    )


def _page(device_id: UUID, replay: Replay) -> Response:
    device = device_of(device_id)
    views, account = flashlog().views, asking()
    query = operations_in_words(account, device_id=device_id)
    may_see_upgrades = account.may("view_upgradeoperation", "change_upgradeoperation")
    return show(
        "device.html",
        device=device,
        addresses=msgspec.json.decode(device["addresses"]),
        packages=msgspec.json.decode(device["packages"]),
        connections=_connections(device_id) if account.may(*_LOG_INS) else None,
        image=_image(device),
        upgrades=query.page(views, limit=_UPGRADES_SHOWN, offset=0)
        if may_see_upgrades
        else [],
        upgrade_count=query.count(views) if may_see_upgrades else 0,
        history=device_history(flashlog(), device_id, limit=_HISTORY_SHOWN),
        may_upgrade=may_upgrade(account, device) and not replay.is_past,
        replay=replay,
    )


def _image(device: Row) -> Row | None:
    image_id = device["image_id"]
    return image_in_words(flashlog().views, UUID(image_id)) if image_id else None


def _connections(device_id: UUID) -> list[Row]:
    """Return how the device is logged in to; of what is secret only its kind."""
    return flashlog().views.rows(
        "SELECT connection.*, credentials.name AS name, credentials.username AS"
        " username, credentials.port AS port, credentials.secret_kind AS secret_kind"
        " FROM connection JOIN credentials"
        " ON credentials.id = connection.credentials_id"
        " WHERE connection.parent_id = ? ORDER BY connection.place",
        [str(device_id)],
    )
