"""Whose operations are whose: an operation belongs to the organization of its device.

It is written in the operation's own row, so that a tenant's list is one walk of an
index, and it outlives the device.
"""

import sqlite3
from uuid import UUID

from domain.device.device import Device


def note_owner(connection: sqlite3.Connection, device: Device) -> None:
    """Note whose a device is now; its operations go with it."""
    device_id, organization_id = str(device.id), str(device.organization_id)
    before = connection.execute(
        "SELECT organization_id, name FROM device_owner WHERE id = ?", (device_id,)
    ).fetchone()
    if before == (organization_id, device.name):
        return
    if before and before[0] != organization_id:
        connection.execute(
            "UPDATE operation SET organization_id = ? WHERE device_id = ?",
            (organization_id, device_id),
        )
    connection.execute(
        "INSERT INTO device_owner (id, organization_id, name) VALUES (?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET"
        " organization_id = excluded.organization_id, name = excluded.name",
        (device_id, organization_id, device.name),
    )


def owner_of(connection: sqlite3.Connection, device_id: UUID) -> str:
    """Return the id of the organization; blank for a device that never was."""
    found = connection.execute(
        "SELECT organization_id FROM device_owner WHERE id = ?",
        (str(device_id),),
    ).fetchone()
    return str(found[0]) if found else ""
