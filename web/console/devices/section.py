"""Who sees devices and who changes them; the device that a page is about."""

from http import HTTPStatus
from uuid import UUID

from flask import redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from application.access import Account
from application.projections.views import Row
from application.queries.device_list import device_in_words
from web.api.lookup import missing, visible
from web.console.section import Section
from web.console.texts import marked
from web.state import flashlog

SEE = ("view_device", "change_device")
CHANGE = "change_device"
ADD = "add_device"
# As the interface has it: taking out of service and back needs this.
SWITCH = "add_device"
UPGRADE = "change_devicefirmware"
WRITE_OFF = "change_upgradeoperation"
CONNECT = "add_deviceconnection"
BOTH = ("GET", "POST")

blueprint = Section("devices", words=marked("Devices"))


def device_of(device_id: UUID) -> Row:
    """Return a device in words. Raises AnswerError (404), also for a foreign one."""
    visible("device", device_id)
    row = device_in_words(flashlog().views, device_id)
    if row is None:
        raise missing("Device")
    return row


def may_upgrade(account: Account, device: Row) -> bool:
    """Whether an account may say what a device is to run."""
    has_firmware = device["image_id"] is not None
    return account.may(UPGRADE) and (has_firmware or account.may("add_devicefirmware"))


def to_device(device_id: UUID) -> AnyResponse:
    path = url_for("devices.detail", device_id=device_id)
    return redirect(path, HTTPStatus.SEE_OTHER)
