"""One device is upgraded: to an image that fits it, with options that make sense."""

from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

from flask import Response, flash, g, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.firmware import (
    Assigned,
    assigned_before,
    set_firmware,
    upgradable_device,
)
from application.commands.idempotency import GivenKey, KeyUsedError
from application.errors import InvalidError
from application.projections.views import Row
from application.queries.upgrade_choice import (
    has_known_kind,
    images_to_choose,
    unknown_options,
)
from web.api.authentication import asking
from web.api.bodies import as_uuid
from web.console import dangers
from web.console.devices.section import (
    BOTH,
    UPGRADE,
    blueprint,
    device_of,
    may_upgrade,
    to_device,
)
from web.console.rendering import show
from web.console.section import require
from web.console.texts import gettext as _
from web.state import flashlog

# What is kept of the configuration: of these, one.
_KEEPS: dict[str, dict[str, bool]] = {
    "c": {},
    "listed": {"c": False},
    "o": {"o": True},
    "n": {"n": True},
}
_TICKS = ("u", "p", "k", "F")


@blueprint.page("/devices/<uuid:device_id>/upgrade/", UPGRADE, methods=BOTH)
def upgrade(device_id: UUID) -> AnyResponse:
    """Choose image and options; what is dangerous is confirmed by the device's name."""
    device = device_of(device_id)
    if not may_upgrade(asking(), device):
        require("add_devicefirmware")
    upgradable_device(flashlog(), device_id)
    if request.method == "GET":
        return _page(device)
    try:
        image_id = _chosen(device)
        reasons = dangers.reasons(device, image_id, _options())
        if reasons and dangers.FIELD not in request.form:
            return _page(device, reasons=reasons)
        if reasons:
            dangers.require_name(device)
        assigned = _assign(device_id, image_id)
    except InvalidError as error:
        asked_back = reasons if dangers.FIELD in error.fields else ()
        return _page(
            device, HTTPStatus.BAD_REQUEST, errors=error.fields, reasons=asked_back
        )
    return _lead_on(device_id, assigned)


def _chosen(device: Row) -> UUID:
    """Return the image, one of those that fit. Raises InvalidError."""
    image_id = as_uuid(request.form.get("image", ""))
    fitting = {row["id"] for row in images_to_choose(flashlog().views, device)}
    if image_id is None or str(image_id) not in fitting:
        raise InvalidError.of("image", _("Choose one of the images that fit."))
    return image_id


def _options() -> dict[str, bool]:
    keep = request.form.get("keep", "c")
    ticked = {each: True for each in _TICKS if request.form.get(each)}
    return {**_KEEPS.get(keep, {}), **ticked}


def _assign(device_id: UUID, image_id: UUID) -> Assigned:
    """Start it; a form that is sent twice starts one upgrade."""
    key = _key(image_id)
    used = key.used(flashlog())
    if used is not None:
        return assigned_before(used, device_id)
    try:
        return set_firmware(
            flashlog(),
            device_id=device_id,
            image_id=image_id,
            options=_options(),
            by=g.user_id,
            key=key,
        )
    except KeyUsedError as error:
        return assigned_before(error.used, device_id)


def _key(image_id: UUID) -> GivenKey:
    """Return the key of what this form asks for: filled in otherwise, it is another."""
    token = as_uuid(request.form.get("form", "")) or uuid4()
    options = ",".join(f"{letter}={on}" for letter, on in sorted(_options().items()))
    asked = f"console/{token}/{image_id}/{options}"
    return GivenKey(user_id=g.user_id, key=asked, fingerprint=asked)


def _lead_on(device_id: UUID, assigned: Assigned) -> AnyResponse:
    if assigned.operation_id is None:
        flash(_("Nothing was started: this image is installed already."), "warning")
        return to_device(device_id)
    path = url_for("operations.detail", operation_id=assigned.operation_id)
    return redirect(path, HTTPStatus.SEE_OTHER)


def _page(
    device: Row,
    status: HTTPStatus = HTTPStatus.OK,
    *,
    errors: Any = None,
    reasons: Any = (),
) -> Response:
    typed = request.form if request.method == "POST" else request.args
    images = images_to_choose(flashlog().views, device)
    return show(
        "device_upgrade.html",
        status,
        device=device,
        images=images,
        is_known=has_known_kind(device),
        unknown=unknown_options(device),
        typed=typed,
        errors=errors or {},
        reasons=reasons,
        name_field=dangers.FIELD,
        form_id=typed.get("form") or uuid4(),
    )
