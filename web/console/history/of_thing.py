"""Everything that happened to one thing, event by event; also to one deleted since."""

from uuid import UUID

from flask import Response, url_for

from application.queries.histories import about_batch, about_device
from application.queries.naming import names_seen
from application.queries.people import name_of
from application.queries.telling import names_of
from web.api.authentication import asking
from web.api.histories import require_ever_seen
from web.api.lookup import visible
from web.api.users import user
from web.console.history.section import blueprint
from web.console.history.telling import page
from web.console.texts import gettext as _
from web.state import flashlog


@blueprint.page(
    "/operations/<uuid:operation_id>/history/",
    "view_upgradeoperation",
    "change_upgradeoperation",
)
def of_operation(operation_id: UUID) -> Response:
    """Show what happened in an upgrade."""
    require_ever_seen("operation", operation_id, model="UpgradeOperation")
    return page(
        [operation_id],
        heading=_("Upgrade of %(name)s") % {"name": _name(operation_id)},
        path=url_for("history.of_operation", operation_id=operation_id),
        page_of_it=url_for("operations.detail", operation_id=operation_id),
        can_look_back=True,
    )


@blueprint.page("/devices/<uuid:device_id>/history/", "view_device", "change_device")
def of_device(device_id: UUID) -> Response:
    """Show what happened to a device and in its upgrades."""
    require_ever_seen("device", device_id, model="Device")
    return page(
        about_device(flashlog(), asking(), device_id),
        heading=_("Device %(name)s") % {"name": _name(device_id)},
        path=url_for("history.of_device", device_id=device_id),
        page_of_it=url_for("devices.detail", device_id=device_id),
        can_look_back=True,
    )


@blueprint.page(
    "/mass-upgrades/<uuid:batch_id>/history/",
    "view_batchupgradeoperation",
    "change_batchupgradeoperation",
)
def of_batch(batch_id: UUID) -> Response:
    """Show what happened to a mass upgrade and in its operations."""
    visible("batch", batch_id)
    return page(
        about_batch(flashlog(), asking(), batch_id),
        heading=_("Mass upgrade to %(name)s") % {"name": _name(batch_id)},
        path=url_for("history.of_batch", batch_id=batch_id),
        page_of_it=url_for("mass_upgrades.detail", batch_id=batch_id),
        can_look_back=True,
    )


@blueprint.page(
    "/firmware/images/<uuid:image_id>/history/",
    "view_firmwareimage",
    "change_firmwareimage",
)
def of_image(image_id: UUID) -> Response:
    """Show what happened to an image."""
    require_ever_seen("image", image_id, model="FirmwareImage")
    return page(
        [image_id],
        heading=_("Image %(name)s") % {"name": _name(image_id)},
        path=url_for("history.of_image", image_id=image_id),
        page_of_it=url_for("firmware.image", image_id=image_id),
    )


@blueprint.page("/users/<uuid:user_id>/history/", "view_user", "change_user")
def of_user(user_id: UUID) -> Response:
    """Show what happened to an account; what the events carry, to superusers alone."""
    if asking().is_superuser:
        require_ever_seen("user", user_id, model="User")
    else:
        user.visible(user_id)
    names = names_seen(flashlog(), asking(), {user_id})
    name = names.get(user_id) or name_of(flashlog(), user_id)
    return page(
        [user_id],
        heading=_("Account %(name)s") % {"name": name},
        path=url_for("history.of_user", user_id=user_id),
    )


def _name(thing_id: UUID) -> str:
    """Return what a thing is called; the beginning of its id where it has no name."""
    told = str(thing_id)
    return names_of(flashlog().views, [told])[told] or told[:8]
