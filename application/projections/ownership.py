"""Whose operations are whose: an operation belongs to the organization of its device.

It is written in the operation's own row, so that a tenant's list is one walk of an
index, and it outlives the device.
"""

from collections.abc import Collection, Mapping

from application.adapters.database import Connection
from application.projections.rows import Row
from application.projections.writing import stored, write
from domain.device.device import Device


def note_owners(connection: Connection, devices: Mapping[int, Device]) -> None:
    """Note whose devices are now; their operations go with them.

    The devices are given by the positions of their first events.
    """
    rows: list[Row] = [
        {
            "id": str(device.id),
            "organization_id": str(device.organization_id),
            "name": device.name,
            "position": position,
        }
        for position, device in devices.items()
    ]
    before = stored(connection, "device_owner", [row["id"] for row in rows])
    moved = [
        (row["organization_id"], row["id"])
        for row in rows
        if row["id"] in before
        and before[row["id"]]["organization_id"] != row["organization_id"]
    ]
    if moved:
        connection.executemany(
            "UPDATE operation SET organization_id = ? WHERE device_id = ?", moved
        )
    write(connection, "device_owner", rows, before)


def owners_of(connection: Connection, device_ids: Collection[str]) -> Mapping[str, str]:
    """Return the ids of the organizations of devices that are or ever were."""
    found = stored(
        connection, "device_owner", device_ids, columns="id, organization_id"
    )
    return {device_id: row["organization_id"] for device_id, row in found.items()}
