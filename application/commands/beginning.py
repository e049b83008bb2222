"""The beginning of every operation: its device is given to it, or it ends at once."""

from uuid import UUID, uuid4

from application.commands.occupancy import occupant
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.operation.events import Started
from domain.operation.operation import UpgradeOperation


def begun(
    flashlog: Flashlog,
    device: Device,
    operation_id: UUID,
    started: Started,
    *,
    is_free: bool = False,
) -> UpgradeOperation:
    """Let an operation begin; both it and the device are to be saved in one append.

    Where another one is not settled yet, the new one is aborted with that reason: the
    older survives. `is_free`: it is known that there is none.
    """
    older = None if is_free else occupant(flashlog, device)
    if older is None:
        device.give(operation_id, started.image_id)
    device.assign_firmware(started.image_id, firmware_id=uuid4(), by=started.by)
    operation = UpgradeOperation.start(operation_id, started)
    if older is not None:
        operation.abort(_busy(older))
    return operation


def _busy(older: UpgradeOperation) -> str:
    if older.has_ended:
        owed = ", ".join(sorted(older.owed))
        return (
            f"operation {older.id} ended {older.status} but still owes the router "
            f"its {owed}: it is given back as soon as the router answers"
        )
    return f"another operation of the device is in progress: {older.id}"
