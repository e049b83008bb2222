"""What a device's events have made of it."""

from uuid import UUID

from domain.base import Aggregate
from domain.device.words import (
    Connection,
    Description,
    Jump,
    Learned,
    LogIn,
    PinnedKey,
)


class DeviceState(Aggregate):
    """Assignments and questions only; decisions are in `Device`."""

    name: str
    organization_id: UUID
    mac_address: str
    addresses: tuple[str, ...]
    management_ip: str | None
    last_ip: str | None
    model: str
    os: str
    system: str
    notes: str
    group_id: UUID | None
    location_id: UUID | None
    key_id: UUID | None
    agent_uuid: UUID | None
    connections: tuple[Connection, ...]
    jumps: tuple[Jump, ...]
    upgrader: str  # blank: OpenWrt

    def __init__(self, aggregate_id: UUID) -> None:
        super().__init__(aggregate_id)
        self.is_active = True
        # The management address that the device had when it was deactivated: what is
        # owed to the router can still be given back there.
        self.retired_ip: str | None = None
        self.log_ins: dict[UUID, LogIn] = {}
        self.host_key: PinnedKey | None = None
        self.enrolled_uuid: UUID | None = None
        self.learned: Learned | None = None
        self.packages: tuple[str, ...] | None = None
        self.operation_id: UUID | None = None
        self.firmware_id: UUID | None = None
        self.image_id: UUID | None = None
        self.installed = False
        self.running_image_id: UUID | None = None

    def describe(self, description: Description) -> None:
        for name in description.__struct_fields__:
            setattr(self, name, getattr(description, name))
        if self.retired_ip not in self.addresses:
            self.retired_ip = None

    def forget_log_ins(self) -> None:
        """Keep only what is known of credentials that the device still has."""
        known = {connection.credentials_id for connection in self.connections}
        self.log_ins = {
            each: log_in for each, log_in in self.log_ins.items() if each in known
        }

    @property
    def description(self) -> Description:
        names = Description.__struct_fields__
        return Description(**{name: getattr(self, name) for name in names})

    @property
    def further_addresses(self) -> tuple[str, ...]:
        """What is dialled beside the management address."""
        first = {self.management_ip, self.retired_ip}
        return tuple(each for each in self.addresses if each not in first)

    @property
    def enabled_connections(self) -> tuple[Connection, ...]:
        return tuple(
            connection for connection in self.connections if connection.enabled
        )

    @property
    def connections_to_try(self) -> tuple[Connection, ...]:
        """Return the enabled ones: first what has worked last, then as people say."""

        def worked_at(connection: Connection) -> float:
            log_in = self.log_ins.get(connection.credentials_id)
            return log_in.at.timestamp() if log_in and log_in.is_working else 0.0

        return tuple(sorted(self.enabled_connections, key=worked_at, reverse=True))
