"""Take devices out of service and back, and delete them."""

from uuid import UUID

from application.commands.claims import Claims
from application.commands.device_claims import mac_key, name_key, secret_key
from application.commands.occupancy import require_unoccupied
from application.flashlog import Flashlog
from domain.device.device import Device, StillActiveError
from domain.errors import NotFoundError

__all__ = [
    "StillActiveError",
    "activate_device",
    "deactivate_device",
    "delete_device",
]


def deactivate_device(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> None:
    """Take a device out of service. Raises NotFoundError, also if it is already."""
    _switch(flashlog, device_id, to_active=False, by=by)


def activate_device(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> None:
    """Put a device back in service. Raises NotFoundError, also if it is already."""
    _switch(flashlog, device_id, to_active=True, by=by)


def delete_device(
    flashlog: Flashlog, device_id: UUID, *, by: UUID | None = None
) -> None:
    """Remove a deactivated device; its story, and its operations, can still be told.

    Raises NotFoundError, StillActiveError, OccupiedError.
    """

    def delete() -> tuple[int, UUID | None]:
        device = flashlog.log.get(Device, device_id)
        device.delete(by=by)
        require_unoccupied(flashlog, device)
        claims = Claims(flashlog)
        claims.release(name_key(device.organization_id, device.name), device_id)
        claims.release(mac_key(device.organization_id, device.mac_address), device_id)
        if device.key_id:
            known = flashlog.vault.get(device.key_id)["key"]
            claims.release(secret_key(flashlog, known), device_id)
        return flashlog.log.append(device, *claims.granted()), device.key_id

    position, key_id = flashlog.log.decide(delete)
    if key_id:
        flashlog.vault.erase(key_id)
    flashlog.show(position)


def _switch(
    flashlog: Flashlog, device_id: UUID, *, to_active: bool, by: UUID | None
) -> None:
    def switch() -> int:
        device = flashlog.log.get(Device, device_id)
        if device.is_active == to_active:
            msg = "No Device matches the given query."
            raise NotFoundError(msg)
        if to_active:
            device.activate(by=by)
        else:
            device.deactivate(by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(switch))
