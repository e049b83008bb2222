"""Credentials that every device gets, or loses."""

from uuid import UUID, uuid4

from application.commands.connections import OPENWRT
from application.commands.many_devices import change_all
from application.commands.occupancy import (
    OccupiedError,
    occupied_among,
    require_unoccupied,
)
from application.flashlog import Flashlog
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Connection


def attach_to_all(
    flashlog: Flashlog, credentials_id: UUID, *, by: UUID | None = None
) -> None:
    """Give credentials to every device of their organization, or to all if shared."""
    credentials = flashlog.log.get(Credentials, credentials_id)
    now = flashlog.clock.now()
    rows = flashlog.views.rows(
        "SELECT id FROM device WHERE (?1 IS NULL OR organization_id = ?1)"
        " AND id NOT IN (SELECT parent_id FROM connection WHERE credentials_id = ?2)"
        " ORDER BY position",
        [_text(credentials.organization_id), str(credentials_id)],
    )

    def attach(device: Device) -> None:
        used = {each.credentials_id for each in device.connections}
        if credentials_id in used:
            return
        made = Connection(
            connection_id=uuid4(),
            credentials_id=credentials_id,
            update_strategy=OPENWRT,
            created=now,
            modified=now,
        )
        device.change_connections((*device.connections, made), by=by)

    change_all(flashlog, [UUID(row["id"]) for row in rows], attach)


def detach_from_all(
    flashlog: Flashlog, credentials_id: UUID, *, by: UUID | None = None
) -> None:
    """Take credentials from every device; none loses them if one is occupied.

    Raises OccupiedError. Among very many devices, those that were seen to first have
    lost them when one of the last was given to an operation meanwhile.
    """
    rows = flashlog.views.rows(
        "SELECT DISTINCT parent_id FROM connection WHERE credentials_id = ?",
        [str(credentials_id)],
    )
    device_ids = [UUID(row["parent_id"]) for row in rows]
    if occupied := occupied_among(flashlog, device_ids):
        names = ", ".join(occupied[:5])
        msg = f"Operations of these devices are not done with them: {names}."
        raise OccupiedError(msg)

    def detach(device: Device) -> None:
        require_unoccupied(flashlog, device)
        left = tuple(
            each for each in device.connections if each.credentials_id != credentials_id
        )
        device.change_connections(left, by=by)

    change_all(flashlog, device_ids, detach)


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
