"""Rows of devices and of how they are logged in to."""

from application.projections.rows.shown import Showing, Shown, as_json, optional
from domain.credentials import Credentials
from domain.device.device import Device


def _device(device: Device) -> Shown:
    learned = device.learned
    row = {
        "name": device.name,
        "organization_id": str(device.organization_id),
        "mac_address": device.mac_address,
        "addresses": as_json(device.addresses),
        "model": device.model,
        "agent_uuid": optional(device.agent_uuid),
        "enrolled_uuid": optional(device.enrolled_uuid),
        "connections": as_json(device.connections),
        "host_key": device.host_key.fingerprint if device.host_key else "",
        "is_active": int(device.is_active),
        "operation_id": optional(device.operation_id),
        "firmware_id": optional(device.firmware_id),
        "image_id": optional(device.image_id),
        "installed": int(device.installed),
        "running_image_id": optional(device.running_image_id),
        "board": learned.board if learned else "",
        "learned_model": learned.model if learned else "",
        "release": learned.release if learned else "",
        "revision": learned.revision if learned else "",
        "version": device.version,
    }
    connections = [
        {
            "id": str(connection.connection_id),
            "place": place,
            "credentials_id": str(connection.credentials_id),
            "enabled": int(connection.enabled),
        }
        for place, connection in enumerate(device.connections)
    ]
    return Shown(table="device", row=row, children={"connection": connections})


def _credentials(credentials: Credentials) -> Shown:
    row = {
        "name": credentials.name,
        "organization_id": optional(credentials.organization_id),
        "username": credentials.username,
        "port": credentials.port,
    }
    return Shown(table="credentials", row=row)


SHOWN: Showing = {Device: _device, Credentials: _credentials}
