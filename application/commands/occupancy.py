"""Whether an operation has a device in its hands, and may need what belongs to it."""

from collections.abc import Iterable
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from domain.device.device import Device
from domain.errors import RefusedError
from domain.operation.operation import UpgradeOperation


class OccupiedError(RefusedError):
    """An operation of the device has not ended, or still owes something to it."""


def occupant(flashlog: Flashlog, device: Device) -> UpgradeOperation | None:
    """Return the operation that has the device, if one does."""
    if device.operation_id is None:
        return None
    operation = flashlog.log.get(UpgradeOperation, device.operation_id)
    return None if operation.is_settled else operation


def require_unoccupied(flashlog: Flashlog, device: Device) -> None:
    """Refuse while an operation has it. Raises OccupiedError."""
    operation = occupant(flashlog, device)
    if operation is not None:
        msg = (
            f"Operation {operation.id} of the device {device.name} is "
            f"{operation.status} and not done with it: wait until it is, or cancel it."
        )
        raise OccupiedError(msg)


def occupied_among(flashlog: Flashlog, device_ids: Iterable[UUID]) -> list[str]:
    """Return the names of devices that are occupied, as the read models know."""
    ids = msgspec.json.encode([str(each) for each in device_ids]).decode()
    rows = flashlog.views.rows(
        "SELECT device.name FROM device JOIN operation"
        " ON operation.id = device.operation_id"
        " WHERE device.id IN (SELECT value FROM json_each(?))"
        " AND (operation.status = 'in-progress' OR operation.owed != '')"
        " ORDER BY device.name",
        [ids],
    )
    return [row["name"] for row in rows]
