"""Take a device out of service and back, and forget the host key that it showed."""

from uuid import UUID

from flask import g, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.commands.device_lifecycle import activate_device, deactivate_device
from application.commands.operations import release_device
from application.commands.reaching import release_host_key
from web.console.confirming import confirmed
from web.console.devices.section import (
    BOTH,
    CHANGE,
    SWITCH,
    WRITE_OFF,
    blueprint,
    device_of,
)
from web.console.texts import gettext as _
from web.console.texts import isolated
from web.state import flashlog


@blueprint.page("/devices/<uuid:device_id>/deactivate/", SWITCH, methods=BOTH)
def deactivate(device_id: UUID) -> AnyResponse:
    """Take a device out of service."""
    device = device_of(device_id)
    return confirmed(
        lambda: deactivate_device(flashlog(), device_id, by=g.user_id),
        question=_("Take %(name)s out of service?")
        % {"name": isolated(device["name"])},
        sentences=[
            _("It is not upgraded any more, until it is activated again."),
            _("An upgrade that has not begun its flash is aborted."),
        ],
        button=_("Deactivate"),
        done=_("%(name)s is out of service.") % {"name": isolated(device["name"])},
        back=url_for("devices.detail", device_id=device_id),
    )


@blueprint.page("/devices/<uuid:device_id>/activate/", SWITCH, methods=BOTH)
def activate(device_id: UUID) -> AnyResponse:
    """Put a device back in service."""
    device = device_of(device_id)
    return confirmed(
        lambda: activate_device(flashlog(), device_id, by=g.user_id),
        question=_("Put %(name)s back in service?")
        % {"name": isolated(device["name"])},
        sentences=[_("Its management address has to be given again, if it had one.")],
        button=_("Activate"),
        done=_("%(name)s is in service.") % {"name": isolated(device["name"])},
        back=url_for("devices.detail", device_id=device_id),
    )


@blueprint.page("/devices/<uuid:device_id>/host-key/", CHANGE, methods=BOTH)
def host_key(device_id: UUID) -> AnyResponse:
    """Forget the pinned host key: the next one that is shown is pinned."""
    device = device_of(device_id)
    reason = "released in the console"
    return confirmed(
        lambda: release_host_key(
            flashlog(), device_id=device_id, reason=reason, by=g.user_id
        ),
        question=_("Release the host key of %(name)s?")
        % {"name": isolated(device["name"])},
        sentences=[
            _("Do this only when the router was replaced or reset."),
            _("The next host key that is shown at its addresses will be trusted."),
        ],
        button=_("Release the host key"),
        done=_("The host key was released: check the device now."),
        back=url_for("devices.detail", device_id=device_id),
    )


@blueprint.page("/devices/<uuid:device_id>/write-off/", WRITE_OFF, methods=BOTH)
def write_off(device_id: UUID) -> AnyResponse:
    """Write off what a router is still owed, so that its device is free again."""
    device = device_of(device_id)
    reason = "written off in the console"
    return confirmed(
        lambda: _release(device_id, reason),
        question=_("Write off what %(name)s is owed?")
        % {"name": isolated(device["name"])},
        sentences=[
            _("Do this only when the router is gone, or when you have looked at it."),
            _("Flashlog will not try any more to give back what it took from it."),
        ],
        button=_("Write it off"),
        done=_("It was written off: the device is free."),
        back=url_for("devices.detail", device_id=device_id),
    )


def _release(device_id: UUID, reason: str) -> None:
    release_device(flashlog(), device_id=device_id, reason=reason, by=g.user_id)
