"""The image that a device runs or is to run; setting it starts the upgrade."""

from http import HTTPStatus
from typing import Any
from uuid import UUID

from flask import Response, g
from marshmallow import Schema, fields

from application.commands.firmware import (
    Assigned,
    assigned_before,
    remove_firmware,
    set_firmware,
    upgradable_device,
)
from application.commands.idempotency import RequestKey, Used
from application.past.stories import of_device
from application.queries.devices import Firmware, firmware_of
from web.answers import AnswerError, json_answer, refusal
from web.api import filters
from web.api.authentication import asking
from web.api.bodies import body, id_field, load_from
from web.api.described import Description, Parameter, described
from web.api.fields import Body, Id, Object, Packages
from web.api.idempotency import once
from web.api.lookup import missing, visible
from web.api.past import AS_OF, as_of
from web.api.resource import NO_PERMISSION, Resource
from web.representation import timestamp
from web.state import flashlog

_OF_ORGANIZATION = Parameter(name="organization", meaning="slug of the organization")


class ExpendableBody(Body):
    """Packages of the router that the image may lack."""

    expendable_packages = Packages(load_default=list)


class FirmwareBody(ExpendableBody):
    """The image that a device is to run."""

    image = Id(required=True)
    upgrade_options = Object(allow_none=True)


class FirmwareShown(Schema):
    """The image that a device runs or is to run."""

    id = fields.UUID()
    image = fields.UUID()
    installed = fields.Boolean(metadata={"description": "whether it runs already"})
    modified = fields.DateTime()


class StartedShown(Schema):
    """An operation by its id."""

    id = fields.UUID()


class FirmwareSetShown(FirmwareShown):
    """The image that a device is to run, and the operation that brings it there."""

    upgrade_operation = fields.Nested(StartedShown, allow_none=True)


@described(
    Description(
        answers={HTTPStatus.OK: FirmwareShown},
        query=(AS_OF, _OF_ORGANIZATION),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
@as_of(of_device)
def _get(device_id: UUID) -> Response:
    """Show the firmware of a device."""
    _require_visible(device_id)
    return json_answer(_shown(_known(device_id)))


@described(
    Description(
        body=FirmwareBody,
        answers={
            HTTPStatus.OK: FirmwareSetShown,
            HTTPStatus.CREATED: FirmwareSetShown,
        },
        query=(_OF_ORGANIZATION,),
        is_idempotent=True,
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _put(device_id: UUID) -> Response:
    """Let the device run an image; 201 when it had none."""
    _require_visible(device_id)
    is_new = firmware_of(flashlog(), device_id) is None
    if is_new and not asking().may("add_devicefirmware"):
        raise refusal(HTTPStatus.FORBIDDEN, NO_PERMISSION)
    return _set(device_id, is_partial=False)


@described(
    Description(
        body=FirmwareBody,
        is_partial=True,
        answers={HTTPStatus.OK: FirmwareSetShown},
        query=(_OF_ORGANIZATION,),
        is_idempotent=True,
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _patch(device_id: UUID) -> Response:
    """Change the firmware that a device has; without an image, try that one again."""
    _require_visible(device_id)
    _known(device_id)
    return _set(device_id, is_partial=True)


@described(
    Description(
        answers={HTTPStatus.NO_CONTENT: None},
        query=(_OF_ORGANIZATION,),
        refusals=(HTTPStatus.CONFLICT,),
    )
)
def _delete(device_id: UUID) -> Response:
    """Forget which image a device is to run; its operations stay."""
    _require_visible(device_id)
    _known(device_id)
    remove_firmware(flashlog(), device_id, by=g.user_id)
    return Response(status=HTTPStatus.NO_CONTENT)


def _set(device_id: UUID, *, is_partial: bool) -> Response:
    upgradable_device(flashlog(), device_id)
    sent = body()
    image_id = id_field(sent, "image", is_required=not is_partial)
    expendable = load_from(ExpendableBody, sent)["expendable_packages"]

    def assign(key: RequestKey) -> Assigned:
        return set_firmware(
            flashlog(),
            device_id=device_id,
            image_id=image_id,
            options=sent.get("upgrade_options"),
            expendable_packages=expendable,
            by=g.user_id,
            key=key,
        )

    def again(used: Used) -> Assigned:
        return assigned_before(used, device_id)

    def shown(assigned: Assigned) -> Response:
        latest = assigned.operation_id
        return json_answer(
            _shown(_known(device_id))
            | {"upgrade_operation": {"id": latest} if latest else None},
            HTTPStatus.CREATED if assigned.is_new else HTTPStatus.OK,
        )

    return once(assign, again=again, shown=shown)


def _require_visible(device_id: UUID) -> None:
    """Refuse a device that there is not, or that belongs to somebody else."""
    try:
        visible("device", device_id, slug=filters.slug("organization"))
    except AnswerError:
        raise refusal(HTTPStatus.NOT_FOUND, "device not found") from None


def _known(device_id: UUID) -> Firmware:
    firmware = firmware_of(flashlog(), device_id)
    if firmware is None:
        raise missing("DeviceFirmware")
    return firmware


def _shown(firmware: Firmware) -> dict[str, Any]:
    return {
        "id": firmware.firmware_id,
        "image": firmware.image_id,
        "installed": firmware.installed,
        "modified": timestamp(firmware.modified),
    }


_FIELDS = {
    "image": {"type": "field", "required": True, "read_only": False},
    "upgrade_options": {"type": "nested object", "required": False},
    "expendable_packages": {"type": "list", "required": False},
}
DETAIL = Resource(
    "device-firmware",
    model="devicefirmware",
    actions=lambda: {"PUT": _FIELDS},
    get=_get,
    put=_put,
    patch=_patch,
    delete=_delete,
)
