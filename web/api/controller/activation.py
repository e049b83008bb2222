"""Take a device out of service, and back."""

from http import HTTPStatus
from uuid import UUID

from flask import Response, g

from application.commands.device_lifecycle import activate_device, deactivate_device
from web.answers import json_answer
from web.api.controller.device_shape import DeviceShown, shown_device
from web.api.described import Description, described
from web.api.lookup import changeable, visible
from web.api.resource import Resource
from web.state import flashlog


@described(Description(answers={HTTPStatus.OK: DeviceShown}))
def _activate(device_id: UUID) -> Response:
    """Put a device back in service; 404 where it is already."""
    changeable("device", device_id)
    activate_device(flashlog(), device_id, by=g.user_id)
    return json_answer(shown_device(visible("device", device_id)))


@described(Description(answers={HTTPStatus.OK: DeviceShown}))
def _deactivate(device_id: UUID) -> Response:
    """Take a device out of service; 404 where it is already."""
    changeable("device", device_id)
    deactivate_device(flashlog(), device_id, by=g.user_id)
    return json_answer(shown_device(visible("device", device_id)))


_NEEDS = {"POST": ["add_device"]}
ACTIVATE = Resource("device-activate", model="device", needs=_NEEDS, post=_activate)
DEACTIVATE = Resource(
    "device-deactivate", model="device", needs=_NEEDS, post=_deactivate
)
