"""What happened to a device and in its upgrades, event by event."""

from http import HTTPStatus
from uuid import UUID

from flask import Response

from application.queries.histories import about_device
from web.api import histories
from web.api.authentication import asking
from web.api.described import Description, described
from web.api.resource import Resource
from web.state import flashlog


@described(
    Description(
        answers={HTTPStatus.OK: histories.HappenedShown},
        is_list=True,
        query=histories.QUERY,
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _list(device_id: UUID) -> Response:
    """List everything that happened to a device, oldest first.

    Also of one that was deleted. Its upgrades are told to who may see those.
    """
    histories.require_ever_seen("device", device_id, model="Device")
    return histories.answer(about_device(flashlog(), asking(), device_id))


DETAIL = Resource("device-history", model="device", get=_list)
