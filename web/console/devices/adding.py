"""A device comes into the inventory, with a way to log in."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, flash, g, request
from werkzeug.wrappers import Response as AnyResponse

from application.commands.devices import NewCredentials, NewDevice
from application.commands.registration import Logins, register
from application.errors import InvalidError
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.api.lookup import own_reference
from web.console.devices import forms
from web.console.devices.section import ADD, BOTH, blueprint, to_device
from web.console.rendering import show
from web.console.texts import gettext as _
from web.state import flashlog

_PORT, _PORT_MAX, _DIGITS_MAX = 22, 65535, 5


@blueprint.page("/devices/add/", ADD, methods=BOTH)
def add() -> AnyResponse:
    """Register a device."""
    if request.method == "GET":
        return _page()
    try:
        device_id = _register()
    except InvalidError as error:
        return _page(HTTPStatus.BAD_REQUEST, errors=error.fields)
    said = _("%(name)s is in the inventory. Check it now, before its first upgrade.")
    flash(said % {"name": request.form["name"].strip()}, "success")
    return to_device(device_id)


def _register() -> UUID:
    """Register what was typed. Raises InvalidError naming every wrong field."""
    organization_id = as_uuid(request.form.get("organization", ""))
    if organization_id is None:
        raise InvalidError.of("organization", _("Choose an organization."))
    own_reference("organization", "organization", organization_id)
    new = NewDevice(
        **forms.said(),
        organization_id=organization_id,
        credentials_ids=_chosen_credentials(),
    )
    return register(flashlog(), new, Logins(new=_new_log_in()), by=g.user_id)


def _chosen_credentials() -> tuple[UUID, ...]:
    text = request.form.get("credentials", "")
    if not text or _is_new_log_in():
        return ()
    credentials_id = as_uuid(text) or UUID(int=0)
    own_reference("credentials", "credentials", credentials_id)
    return (credentials_id,)


def _is_new_log_in() -> bool:
    return bool(request.form.get("password") or request.form.get("private_key"))


def _new_log_in() -> NewCredentials | None:
    """Return a log-in that was typed. Raises InvalidError, AnswerError (403)."""
    if not _is_new_log_in():
        return None
    form = request.form
    if not asking().may("add_credentials"):
        raise InvalidError.of(
            "password", _("You may not add credentials: choose some.")
        )
    if form.get("password") and form.get("private_key"):
        raise InvalidError.of("password", _("Give a password or a key, not both."))
    port = form.get("port", "").strip() or str(_PORT)
    is_number = port.isascii() and port.isdecimal() and len(port) <= _DIGITS_MAX
    if not (is_number and 1 <= int(port) <= _PORT_MAX):
        raise InvalidError.of("port", _("A port is a number from 1 to 65535."))
    return NewCredentials(
        username=form.get("username", "").strip() or "root",
        port=int(port),
        password=form.get("password") or None,
        private_key=form.get("private_key") or None,
    )


def _page(
    status: HTTPStatus = HTTPStatus.OK, errors: dict[str, list[str]] | None = None
) -> Response:
    return show(
        "device_add.html",
        status,
        typed=request.form,
        errors=errors or {},
        credentials=forms.credentials(),
        **forms.options(),
    )
