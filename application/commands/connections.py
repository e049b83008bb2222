"""Which credentials a device is logged in to with."""

from uuid import UUID, uuid4

import msgspec

from application.commands.occupancy import require_unoccupied
from application.flashlog import Flashlog
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Connection
from domain.errors import InvalidError, NotFoundError

OPENWRT = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt"
OPENWISP_1 = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWisp1"
STRATEGIES = (OPENWRT, OPENWISP_1)
NOT_ITS_OWN = "The organization of the credentials does not match that of the device."


class ConnectionFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a connection; a blank strategy stands for OpenWrt."""

    credentials_id: UUID
    update_strategy: str = ""
    enabled: bool = True


def add_connection(
    flashlog: Flashlog,
    device_id: UUID,
    facts: ConnectionFacts,
    *,
    by: UUID | None = None,
) -> UUID:
    """Let a device be logged in to. Raises InvalidError, NotFoundError."""
    connection_id = uuid4()
    now = flashlog.clock.now()

    def add() -> int:
        device = flashlog.log.get(Device, device_id)
        credentials = _fitting(flashlog, device, facts, connection_id)
        made = Connection(
            connection_id=connection_id,
            credentials_id=facts.credentials_id,
            enabled=facts.enabled,
            update_strategy=facts.update_strategy or OPENWRT,
            created=now,
            modified=now,
        )
        device.change_connections((*device.connections, made), by=by)
        return flashlog.log.append(device, unchanged=[credentials])

    flashlog.show(flashlog.log.decide(add))
    return connection_id


def change_connection(
    flashlog: Flashlog,
    device_id: UUID,
    connection_id: UUID,
    facts: ConnectionFacts,
    *,
    by: UUID | None = None,
) -> None:
    """Change all that is said of it. Raises InvalidError, NotFoundError."""
    now = flashlog.clock.now()

    def change() -> int:
        device = flashlog.log.get(Device, device_id)
        place = _place_of(device, connection_id)
        credentials = _fitting(flashlog, device, facts, connection_id)
        changed = msgspec.structs.replace(
            device.connections[place],
            credentials_id=facts.credentials_id,
            enabled=facts.enabled,
            update_strategy=facts.update_strategy or OPENWRT,
            modified=now,
        )
        connections = list(device.connections)
        connections[place] = changed
        device.change_connections(tuple(connections), by=by)
        return flashlog.log.append(device, unchanged=[credentials])

    flashlog.show(flashlog.log.decide(change))


def remove_connection(
    flashlog: Flashlog, device_id: UUID, connection_id: UUID, *, by: UUID | None = None
) -> None:
    """Remove it. Raises NotFoundError; OccupiedError while it may be needed."""

    def remove() -> int:
        device = flashlog.log.get(Device, device_id)
        place = _place_of(device, connection_id)
        require_unoccupied(flashlog, device)
        left = (*device.connections[:place], *device.connections[place + 1 :])
        device.change_connections(left, by=by)
        return flashlog.log.append(device)

    flashlog.show(flashlog.log.decide(remove))


def _fitting(
    flashlog: Flashlog, device: Device, facts: ConnectionFacts, connection_id: UUID
) -> Credentials:
    """Return credentials that the device may use, and does not use yet."""
    credentials = flashlog.log.find(Credentials, facts.credentials_id)
    if credentials is None:
        raise InvalidError.of("credentials", "Invalid pk - object does not exist.")
    if credentials.organization_id not in {None, device.organization_id}:
        raise InvalidError.of("credentials", NOT_ITS_OWN)
    if any(
        each.credentials_id == facts.credentials_id
        and each.connection_id != connection_id
        for each in device.connections
    ):
        raise InvalidError.of(
            "__all__",
            "Device connection with this Device and Credentials already exists.",
        )
    return credentials


def _place_of(device: Device, connection_id: UUID) -> int:
    for place, each in enumerate(device.connections):
        if each.connection_id == connection_id:
            return place
    msg = "Not found."
    raise NotFoundError(msg)
