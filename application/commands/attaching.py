"""Credentials that every device gets, or loses, and which devices use them."""

from collections.abc import Sequence
from uuid import UUID, uuid4

from eventsourcing.persistence import IntegrityError

from application.adapters.log.fences import NoneSince
from application.commands.connections import OPENWRT
from application.commands.many_devices import change_all
from application.commands.occupancy import (
    OccupiedError,
    occupied_among,
    require_unoccupied,
)
from application.commands.standing import up_to_now
from application.flashlog import Flashlog
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.events import Changed, ConnectionsChanged, Registered
from domain.device.words import Connection
from domain.errors import InvalidError, RefusedError

_USED_BY = (Registered.TOPIC, Changed.TOPIC, ConnectionsChanged.TOPIC)


def attach_to_all(
    flashlog: Flashlog, credentials_id: UUID, *, by: UUID | None = None
) -> None:
    """Give credentials to every device of their organization, or to all if shared.

    What a crash leaves undone is done by giving them again. Raises NotFoundError, also
    where somebody deletes them meanwhile.
    """
    credentials = flashlog.log.get(Credentials, credentials_id)
    now = flashlog.clock.now()
    rows = flashlog.views.rows(
        "SELECT id FROM device WHERE (CAST(?1 AS TEXT) IS NULL OR organization_id = ?1)"
        " AND id NOT IN (SELECT parent_id FROM connection WHERE credentials_id = ?2)"
        " ORDER BY position",
        [_text(credentials.organization_id), str(credentials_id)],
    )

    def attach(device: Device) -> Credentials | None:
        given = flashlog.log.get(Credentials, credentials_id)
        used = {each.credentials_id for each in device.connections}
        is_theirs = given.organization_id in {None, device.organization_id}
        if credentials_id in used or not is_theirs:
            return None
        made = Connection(
            connection_id=uuid4(),
            credentials_id=credentials_id,
            update_strategy=OPENWRT,
            created=now,
            modified=now,
        )
        device.change_connections((*device.connections, made), by=by)
        return given

    change_all(flashlog, [UUID(row["id"]) for row in rows], attach)


def detach_from_all(
    flashlog: Flashlog, credentials_id: UUID, *, by: UUID | None = None
) -> NoneSince:
    """Take credentials from every device; returns what must not come meanwhile.

    None loses them if one is occupied or reached through a host with them: then it
    raises OccupiedError or RefusedError. Among very many devices, those that were seen
    to first have lost them when one of the last was given to an operation meanwhile,
    or when a crash comes in between: taking them again does the rest. Raises
    IntegrityError where others get them as these lose them.
    """
    up_to_now(flashlog, _USED_BY)
    _require_no_jump(flashlog, credentials_id)
    device_ids = _devices_with(flashlog, credentials_id)
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
    nothing_new = up_to_now(flashlog, _USED_BY)
    _require_no_jump(flashlog, credentials_id)
    if _devices_with(flashlog, credentials_id):
        raise IntegrityError
    return nothing_new


def require_unused_elsewhere(
    flashlog: Flashlog, credentials_id: UUID, organization_id: UUID | None
) -> NoneSince:
    """Refuse to take credentials from devices that could not use them any more.

    Returns what must not come meanwhile. Raises InvalidError on `organization`.
    """
    nothing_new = up_to_now(flashlog, _USED_BY)
    (found,) = flashlog.views.rows(
        "SELECT count(*) AS found FROM device WHERE organization_id != ?1 AND ("
        " id IN (SELECT parent_id FROM connection WHERE credentials_id = ?2)"
        " OR EXISTS (SELECT 1 FROM json_each(device.jumps) AS jump"
        "  WHERE json_extract(jump.value, '$.credentials_id') = ?2))",
        [str(organization_id), str(credentials_id)],
    )
    if found["found"]:
        raise InvalidError.of(
            "organization",
            f"{found['found']} devices of another organization use these credentials.",
        )
    return nothing_new


def _devices_with(flashlog: Flashlog, credentials_id: UUID) -> Sequence[UUID]:
    rows = flashlog.views.rows(
        "SELECT DISTINCT parent_id FROM connection WHERE credentials_id = ?",
        [str(credentials_id)],
    )
    return [UUID(row["parent_id"]) for row in rows]


def _require_no_jump(flashlog: Flashlog, credentials_id: UUID) -> None:
    rows = flashlog.views.rows(
        "SELECT DISTINCT device.name FROM device, json_each(device.jumps) AS jump"
        " WHERE json_extract(jump.value, '$.credentials_id') = ?"
        " ORDER BY device.name LIMIT 5",
        [str(credentials_id)],
    )
    if rows:
        names = ", ".join(row["name"] for row in rows)
        msg = f"The way to {names} leads through a host with these credentials."
        raise RefusedError(msg)


def _text(value: UUID | None) -> str | None:
    return str(value) if value else None
