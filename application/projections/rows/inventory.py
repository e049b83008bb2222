"""Rows of devices, where they are, and how they are logged in to."""

from application.projections.rows.shown import (
    Row,
    Showing,
    Shown,
    as_json,
    found_by,
    moment,
    optional,
)
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Connection, LogIn
from domain.device_group import DeviceGroup
from domain.location import Location


def _device(device: Device) -> Shown:
    if device.is_deleted:
        return Shown(table="device", row=None, children={"connection": ()})
    learned = device.learned
    row = {
        "name": device.name,
        "organization_id": str(device.organization_id),
        "group_id": optional(device.group_id),
        "location_id": optional(device.location_id),
        "mac_address": device.mac_address,
        "key_id": optional(device.key_id),
        "management_ip": device.management_ip,
        "last_ip": device.last_ip,
        "addresses": as_json(device.addresses),
        "model": found_by(device.model),
        "os": device.os,
        "system": device.system,
        "notes": device.notes,
        "agent_uuid": optional(device.agent_uuid),
        "enrolled_uuid": optional(device.enrolled_uuid),
        "connections": as_json(device.connections),
        "jumps": as_json(device.jumps),
        "host_key": device.host_key.fingerprint if device.host_key else "",
        "is_active": int(device.is_active),
        "operation_id": optional(device.operation_id),
        "firmware_id": optional(device.firmware_id),
        "image_id": optional(device.image_id),
        "installed": int(device.installed),
        "running_image_id": optional(device.running_image_id),
        "board": found_by(learned.board) if learned else "",
        "learned_model": found_by(learned.model) if learned else "",
        "release": found_by(learned.release) if learned else "",
        "revision": found_by(learned.revision) if learned else "",
        "packages": as_json(device.packages or ()),
        "version": device.version,
    }
    connections = [
        _connection(connection, place, device.log_ins.get(connection.credentials_id))
        for place, connection in enumerate(device.connections)
    ]
    return Shown(table="device", row=row, children={"connection": connections})


def _connection(connection: Connection, place: int, log_in: LogIn | None) -> Row:
    return {
        "id": str(connection.connection_id),
        "place": place,
        "credentials_id": str(connection.credentials_id),
        "enabled": int(connection.enabled),
        "update_strategy": connection.update_strategy,
        "is_working": int(log_in.is_working) if log_in else None,
        "failure_reason": log_in.reason if log_in else "",
        "last_attempt": moment(log_in.at) if log_in else None,
        "created": moment(connection.created) if connection.created else None,
        "modified": moment(connection.modified) if connection.modified else None,
    }


def _credentials(credentials: Credentials) -> Shown:
    if credentials.is_deleted:
        return Shown(table="credentials", row=None)
    row = {
        "name": credentials.name,
        "organization_id": optional(credentials.organization_id),
        "username": credentials.username,
        "port": credentials.port,
        "secret_id": str(credentials.secret_id),
        "secret_kind": credentials.secret_kind,
        "auto_add": int(credentials.auto_add),
        "connector": credentials.connector,
    }
    return Shown(table="credentials", row=row)


def _group(group: DeviceGroup) -> Shown:
    if group.is_deleted:
        return Shown(table="device_group", row=None)
    said = group.description
    row = {
        "name": said.name,
        "organization_id": str(said.organization_id),
        "description": said.description,
        "templates": as_json(said.templates),
        "context": as_json(said.context),
        "meta_data": as_json(said.meta_data),
    }
    return Shown(table="device_group", row=row)


def _location(location: Location) -> Shown:
    if location.is_deleted:
        return Shown(table="location", row=None)
    place = location.place
    row = {
        "name": place.name,
        "organization_id": str(place.organization_id),
        "type": place.type,
        "is_mobile": int(place.is_mobile),
        "address": place.address,
        "geometry": as_json(place.geometry) if place.geometry else None,
    }
    return Shown(table="location", row=row)


SHOWN: Showing = {
    Device: _device,
    Credentials: _credentials,
    DeviceGroup: _group,
    Location: _location,
}
