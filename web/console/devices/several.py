"""Something done to many devices at once: those chosen, or all that filters find."""

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.changing_many_devices import (
    activate_devices,
    deactivate_devices,
    group_devices,
    locate_devices,
)
from application.queries.device_list import Asked, devices_in_words, ids_of
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.lookup import own_reference
from web.console.devices.checking import begin_visits
from web.console.devices.listing import FILTERS, asked_devices, named
from web.console.devices.section import BOTH, CHANGE, SEE, SWITCH, blueprint
from web.console.rendering import show
from web.console.section import require
from web.console.texts import gettext as _
from web.console.texts import marked
from web.state import flashlog

_NEEDS = {
    "check": CHANGE,
    "deactivate": SWITCH,
    "activate": SWITCH,
    "group": CHANGE,
    "location": CHANGE,
}
_DONE = {
    "deactivate": marked("Taken out of service: %(count)s."),
    "activate": marked("Back in service: %(count)s."),
    "group": marked("Moved to the group: %(count)s."),
    "location": marked("Moved to the location: %(count)s."),
}
_TABLES = {"group": "device_group", "location": "location"}
# So many names are shown of those that are chosen.
_NAMES_SHOWN = 20


@blueprint.page("/devices/several/", *SEE, methods=BOTH)
def several() -> AnyResponse:
    """Ask, with the number and the names of the devices; then do it to all of them."""
    action = request.values.get("action", "")
    if action not in _NEEDS:
        return _back(_("Nothing was done: choose what is to be done."), "warning")
    require(_NEEDS[action])
    device_ids = _chosen()
    if not device_ids:
        return _back(_("Nothing was done: choose some devices."), "warning")
    if request.method == "GET":
        return _page(action, device_ids)
    if request.form.get("all") and request.form.get("mark") != _mark(device_ids):
        problem = _("Others match by now than were shown, so nothing was done.")
        return _page(action, device_ids, HTTPStatus.CONFLICT, problem=problem)
    if action == "check":
        return begin_visits(device_ids)
    count = _change(action, device_ids)
    return _back(_(_DONE[action]) % {"count": count}, "success")


def _change(action: str, device_ids: Sequence[UUID]) -> int:
    """Do it; returns how many devices were changed. Raises InvalidError."""
    if action == "deactivate":
        return deactivate_devices(flashlog(), device_ids, by=g.user_id)
    if action == "activate":
        return activate_devices(flashlog(), device_ids, by=g.user_id)
    text = request.form.get("target", "")
    target = (as_uuid(text) or UUID(int=0)) if text else None
    if target:
        own_reference("target", _TABLES[action], target)
    move = group_devices if action == "group" else locate_devices
    return move(flashlog(), device_ids, target, by=g.user_id)


def _chosen() -> list[UUID]:
    """Return the devices that are meant, as far as whoever asks may see them."""
    if request.values.get("all"):
        return ids_of(flashlog().views, asked_devices(request.values))
    wanted = map(as_uuid, request.values.getlist("device"))
    query = devices_in_words(asking(), Asked(among=[each for each in wanted if each]))
    return ids_of(flashlog().views, query)


def _mark(device_ids: Sequence[UUID]) -> str:
    """Return what tells these devices from any others."""
    joined = b"".join(sorted(each.bytes for each in device_ids))
    return hashlib.sha256(joined).hexdigest()


def _page(
    action: str,
    device_ids: Sequence[UUID],
    status: HTTPStatus = HTTPStatus.OK,
    *,
    problem: str = "",
) -> Response:
    views = flashlog().views
    query = devices_in_words(asking(), Asked(among=device_ids[:_NAMES_SHOWN]))
    return show(
        "devices_several.html",
        status,
        problem=problem,
        action=action,
        count=len(device_ids),
        devices=query.page(views, limit=_NAMES_SHOWN, offset=0),
        targets=named(_TABLES[action]) if action in _TABLES else [],
        # What is sent again: the filters, or every one that was chosen.
        sent=[*_filters().items(), ("all", "1"), ("mark", _mark(device_ids))]
        if request.values.get("all")
        else [("device", each) for each in device_ids],
        back=url_for("devices.index", **_filters()),
    )


def _back(sentence: str, kind: str) -> AnyResponse:
    flash(sentence, kind)
    path = url_for("devices.index", **_filters())
    return redirect(path, HTTPStatus.SEE_OTHER)


def _filters() -> dict[str, Any]:
    asked = {name: request.values.get(name) for name in FILTERS}
    return {name: value for name, value in asked.items() if value}
