"""How a device is written, by clients and to them."""

import re
from typing import Any

import msgspec
from marshmallow import Schema, ValidationError, fields

from application.errors import NotFoundError
from application.projections.views import Row
from application.queries.device_keys import key_of
from web.api.fields import Address, Body, Id, Object, Text
from web.representation import timestamp
from web.state import flashlog

# What is shown in a key's place in lists; who sends it back means the key there is.
MASK = "********"

_NAME_LENGTH_MAX = 64
_NAME_FORM = re.compile(
    r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
    r"(\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*\.?"
)
_MAC = re.compile(r"(?i)[0-9a-f]{2}([:-])([0-9a-f]{2}\1){4}[0-9a-f]{2}")


def _check_name(name: str) -> None:
    if len(name) > _NAME_LENGTH_MAX:
        msg = f"Ensure this field has no more than {_NAME_LENGTH_MAX} characters."
        raise ValidationError(msg)
    if not (_NAME_FORM.fullmatch(name) or _MAC.fullmatch(name)):
        msg = "Must be either a valid hostname or mac address."
        raise ValidationError(msg)


def _check_mac(mac_address: str) -> None:
    if not _MAC.fullmatch(mac_address):
        msg = "Must be a valid mac address."
        raise ValidationError(msg)


class OwnAddress(Address):
    """An address of a device that there is: null clears it, blank does not."""

    def deserialize(
        self, value: Any, attr: Any = None, data: Any = None, **others: Any
    ) -> Any:
        if value == "":
            raise self.make_error("address")
        return super().deserialize(value, attr, data, **others)


class Configuration(Object):
    """A configuration, which Flashlog does not manage: it is taken and ignored."""


class NewDeviceBody(Body):
    """A device to be registered."""

    name = Text(required=True, validate=_check_name)
    organization = Id(required=True)
    mac_address = Text(required=True, validate=_check_mac)
    group = Id(allow_none=True)
    key = Text(blank=True, length_max=64)
    last_ip = Address()
    management_ip = Address()
    model = Text(blank=True, length_max=64)
    os = Text(blank=True, length_max=128)
    system = Text(blank=True, length_max=128)
    notes = Text(blank=True)
    config = Configuration()


class DeviceBody(NewDeviceBody):
    """A device as it is to be."""

    last_ip = OwnAddress()
    management_ip = OwnAddress()
    config = Configuration(required=True, allow_none=True)


class DeviceRowShown(Schema):
    """A device as lists show it; the key is masked there."""

    id = fields.UUID()
    name = fields.String()
    organization = fields.UUID()
    group = fields.UUID(allow_none=True)
    mac_address = fields.String()
    key = fields.String()
    last_ip = fields.String(allow_none=True)
    management_ip = fields.String(allow_none=True)
    model = fields.String()
    os = fields.String()
    system = fields.String()
    notes = fields.String()
    config = fields.Raw(allow_none=True, metadata={"description": "always null"})
    created = fields.DateTime()
    modified = fields.DateTime()
    location = fields.UUID(allow_none=True)
    addresses = fields.List(
        fields.String(), metadata={"description": "all that are dialled, in order"}
    )
    board = fields.String(metadata={"description": "as of the last visit"})
    release = fields.String(metadata={"description": "as of the last visit"})
    revision = fields.String(metadata={"description": "as of the last visit"})
    is_active = fields.Boolean(metadata={"description": "whether it is upgraded"})


class DeviceShown(DeviceRowShown):
    """A device."""

    is_deactivated = fields.Boolean()


def listed_device(row: Row) -> dict[str, Any]:
    """Show a device in a list."""
    return {
        "id": row["id"],
        "name": row["name"],
        "organization": row["organization_id"],
        "group": row["group_id"],
        "mac_address": row["mac_address"].upper(),
        "key": MASK,
        "last_ip": row["last_ip"],
        "management_ip": row["management_ip"],
        "model": row["model"],
        "os": row["os"],
        "system": row["system"],
        "notes": row["notes"],
        "config": None,
        "created": timestamp(row["created"]),
        "modified": timestamp(row["modified"]),
        "location": row["location_id"],
        "addresses": msgspec.json.decode(row["addresses"]),
        "board": row["board"],
        "release": row["release"],
        "revision": row["revision"],
        "is_active": bool(row["is_active"]),
    }


def new_device(row: Row) -> dict[str, Any]:
    """Show a device to who has just registered it."""
    return listed_device(row) | {"key": key_of(flashlog(), row)}


def shown_device(row: Row) -> dict[str, Any]:
    try:
        shown = new_device(row)
    except NotFoundError:
        # A key of the past is forgotten when another one takes its place.
        shown = listed_device(row)
    return shown | {"is_deactivated": not row["is_active"]}


def said(sent: dict[str, Any]) -> dict[str, Any]:
    """Return what a body says under the names that commands know."""
    ours = {"organization": "organization_id", "group": "group_id"}
    known = {
        ours.get(name, name): value for name, value in sent.items() if name != "config"
    }
    if known.get("key") in {"", MASK}:
        del known["key"]
    return known
