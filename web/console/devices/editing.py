"""What people say of a device: changed."""

from http import HTTPStatus
from uuid import UUID

import msgspec
from flask import Response, flash, g, request
from werkzeug.wrappers import Response as AnyResponse

from application.commands.device_changes import change_device
from application.commands.reaching import change_addresses
from application.errors import InvalidError
from application.projections.views import Row
from web.api.controller.writing import active_device
from web.console.devices import forms
from web.console.devices.section import BOTH, CHANGE, blueprint, device_of, to_device
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog


@blueprint.page("/devices/<uuid:device_id>/edit/", CHANGE, methods=BOTH)
def edit(device_id: UUID) -> AnyResponse:
    """Change the main facts of a device that is in service."""
    device = active_device(device_of(device_id))
    if request.method == "GET":
        return _page(device, typed=_known(device))
    try:
        said = forms.said()
        addresses = said.pop("addresses")
        change_device(flashlog(), device_id, said, by=g.user_id)
        change_addresses(
            flashlog(), device_id=device_id, addresses=addresses, by=g.user_id
        )
    except InvalidError as error:
        return _page(
            device,
            HTTPStatus.BAD_REQUEST,
            typed=request.form,
            errors=error.fields,
        )
    flash(_("The device was changed."), "success")
    return to_device(device_id)


def _known(device: Row) -> dict[str, str]:
    addresses = msgspec.json.decode(device["addresses"], type=list[str])
    return {
        "name": device["name"],
        "mac_address": device["mac_address"].upper(),
        "address": " ".join(addresses),
        "model": device["model"],
        "os": device["os"],
        "notes": device["notes"],
        "group": device["group_id"] or "",
        "location": device["location_id"] or "",
    }


def _page(
    device: Row,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    typed: object,
    errors: object = None,
) -> Response:
    return show(
        "device_edit.html",
        status,
        device=device,
        typed=typed,
        errors=errors or {},
        **forms.options(),
    )
