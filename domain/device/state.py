"""What a device's events have made of it."""

from uuid import UUID

from domain.base import Aggregate
from domain.device.words import Connection, Jump, Learned, PinnedKey


class DeviceState(Aggregate):
    """Assignments and questions only; decisions are in `Device`."""

    name: str
    organization_id: UUID
    mac_address: str
    addresses: tuple[str, ...]
    model: str
    agent_uuid: UUID | None
    connections: tuple[Connection, ...]
    jumps: tuple[Jump, ...]
    upgrader: str  # blank: OpenWrt

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.is_active = True
        self.host_key: PinnedKey | None = None
        self.enrolled_uuid: UUID | None = None
        self.learned: Learned | None = None
        self.operation_id: UUID | None = None
        self.firmware_id: UUID | None = None
        self.image_id: UUID | None = None
        self.installed = False
        self.running_image_id: UUID | None = None

    @property
    def enabled_connections(self) -> tuple[Connection, ...]:
        return tuple(
            connection for connection in self.connections if connection.enabled
        )
