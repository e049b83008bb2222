"""The credentials that a device is logged in to with."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, flash, g, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.automatic_firmware import note_firmware_of
from application.commands.connections import (
    ConnectionFacts,
    add_connection,
    remove_connection,
)
from application.errors import InvalidError
from application.projections.views import Row
from web.api.bodies import as_uuid
from web.api.controller.writing import active_device
from web.api.lookup import own_reference
from web.console.confirming import confirmed
from web.console.devices import forms
from web.console.devices.section import (
    BOTH,
    CONNECT,
    blueprint,
    device_of,
    to_device,
)
from web.console.rendering import show
from web.console.texts import gettext as _
from web.console.texts import isolated
from web.state import flashlog


@blueprint.page("/devices/<uuid:device_id>/connect/", CONNECT, methods=BOTH)
def connect(device_id: UUID) -> AnyResponse:
    """Let a device be logged in to with credentials that there are."""
    device = active_device(device_of(device_id))
    if request.method == "GET":
        return _page(device)
    try:
        credentials_id = as_uuid(request.form.get("credentials", ""))
        if credentials_id is None:
            raise InvalidError.of("credentials", _("Choose some credentials."))
        own_reference("credentials", "credentials", credentials_id)
        facts = ConnectionFacts(credentials_id=credentials_id)
        add_connection(flashlog(), device_id, facts, by=g.user_id)
    except InvalidError as error:
        return _page(device, HTTPStatus.BAD_REQUEST, errors=error.fields)
    note_firmware_of(flashlog(), device_id, by=g.user_id)
    flash(_("The credentials were added. Check the device to try them."), "success")
    return to_device(device_id)


@blueprint.page(
    "/devices/<uuid:device_id>/disconnect/<uuid:connection_id>/",
    "delete_deviceconnection",
    methods=BOTH,
)
def disconnect(device_id: UUID, connection_id: UUID) -> AnyResponse:
    """Take credentials from a device; they stay for others."""
    device = active_device(device_of(device_id))
    return confirmed(
        lambda: remove_connection(flashlog(), device_id, connection_id, by=g.user_id),
        question=_("Take these credentials from %(name)s?")
        % {"name": isolated(device["name"])},
        sentences=[_("The device is not logged in to with them any more.")],
        button=_("Remove"),
        done=_("The credentials were removed from the device."),
        back=url_for("devices.detail", device_id=device_id),
    )


def _page(
    device: Row, status: HTTPStatus = HTTPStatus.OK, *, errors: object = None
) -> Response:
    return show(
        "device_connect.html",
        status,
        device=device,
        typed=request.form,
        errors=errors or {},
        credentials=forms.credentials(),
    )
