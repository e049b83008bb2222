"""The facts of a device."""

from datetime import datetime
from uuid import UUID

import msgspec

from domain.base import Event
from domain.device.state import DeviceState
from domain.device.words import (
    Connection,
    Description,
    Jump,
    Learned,
    LogIn,
    PinnedKey,
)


class DeviceEvent(Event, frozen=True, kw_only=True):
    """A fact of a device."""


class Registered(DeviceEvent, frozen=True, kw_only=True):
    """`agent_uuid` is expected of an OpenWISP agent on the router, if it has one."""

    TOPIC = "Device:Registered"

    name: str
    organization_id: UUID
    mac_address: str
    addresses: tuple[str, ...] = ()
    management_ip: str | None = None
    last_ip: str | None = None
    model: str = ""
    os: str = ""
    system: str = ""
    notes: str = ""
    group_id: UUID | None = None
    location_id: UUID | None = None
    key_id: UUID | None = None
    agent_uuid: UUID | None = None
    connections: tuple[Connection, ...] = ()
    jumps: tuple[Jump, ...] = ()
    upgrader: str = ""
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        names = Description.__struct_fields__
        device.describe(Description(**{name: getattr(self, name) for name in names}))
        device.agent_uuid = self.agent_uuid
        device.connections = self.connections
        device.jumps = self.jumps
        device.upgrader = self.upgrader


class Changed(DeviceEvent, frozen=True, kw_only=True):
    """All that is said of the router from now on."""

    TOPIC = "Device:Changed"

    description: Description
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.describe(self.description)


class AddressesChanged(DeviceEvent, frozen=True, kw_only=True):
    TOPIC = "Device:AddressesChanged"

    addresses: tuple[str, ...]
    management_ip: str | None = None
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.addresses = self.addresses
        device.management_ip = self.management_ip
        device.retired_ip = None


class JumpsChanged(DeviceEvent, frozen=True, kw_only=True):
    """The way to the router leads through these hosts."""

    TOPIC = "Device:JumpsChanged"

    jumps: tuple[Jump, ...]
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.jumps = self.jumps


class AgentExpected(DeviceEvent, frozen=True, kw_only=True):
    """The router has an OpenWISP agent with this UUID, and is to show it."""

    TOPIC = "Device:AgentExpected"

    uuid: UUID
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.agent_uuid = self.uuid


class ConnectionsChanged(DeviceEvent, frozen=True, kw_only=True):
    TOPIC = "Device:ConnectionsChanged"

    connections: tuple[Connection, ...]
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.connections = self.connections
        device.forget_log_ins()


class ConnectionsTried(DeviceEvent, frozen=True, kw_only=True):
    """Which credentials the router took, if any, and why it refused others."""

    TOPIC = "Device:ConnectionsTried"

    at: datetime
    worked: UUID | None = None
    refused: dict[UUID, str] = msgspec.field(default_factory=dict)

    def apply(self, device: DeviceState) -> None:
        device.log_ins |= self.log_ins

    @property
    def log_ins(self) -> dict[UUID, LogIn]:
        """What became of each log-in, by its credentials."""
        tried = {
            each: LogIn(is_working=False, reason=reason, at=self.at)
            for each, reason in self.refused.items()
        }
        if self.worked:
            tried[self.worked] = LogIn(is_working=True, at=self.at)
        return tried


class HostKeyPinned(DeviceEvent, frozen=True, kw_only=True):
    TOPIC = "Device:HostKeyPinned"

    key: PinnedKey
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.host_key = self.key


class HostKeyReleased(DeviceEvent, frozen=True, kw_only=True):
    """The next key that the router shows will be pinned."""

    TOPIC = "Device:HostKeyReleased"

    reason: str
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.host_key = None


class Enrolled(DeviceEvent, frozen=True, kw_only=True):
    """A UUID was written on the router, by which it is known from now on."""

    TOPIC = "Device:Enrolled"

    uuid: UUID
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.enrolled_uuid = self.uuid


class FactsLearned(DeviceEvent, frozen=True, kw_only=True):
    """What a visit found on the router."""

    TOPIC = "Device:FactsLearned"

    board: str
    model: str
    release: str
    revision: str

    def apply(self, device: DeviceState) -> None:
        device.learned = Learned(
            board=self.board,
            model=self.model,
            release=self.release,
            revision=self.revision,
        )


class PackagesNoted(DeviceEvent, frozen=True, kw_only=True):
    """What a visit found installed on the router beside its ROM."""

    TOPIC = "Device:PackagesNoted"

    packages: tuple[str, ...]

    def apply(self, device: DeviceState) -> None:
        device.packages = self.packages


class OperationGiven(DeviceEvent, frozen=True, kw_only=True):
    """Saved in one transaction with the start of the operation."""

    TOPIC = "Device:OperationGiven"

    operation_id: UUID
    image_id: UUID

    def apply(self, device: DeviceState) -> None:
        device.operation_id = self.operation_id


class FlashAllowed(DeviceEvent, frozen=True, kw_only=True):
    """Saved in one transaction with `FlashBegun`, so that no deactivation slips in."""

    TOPIC = "Device:FlashAllowed"

    operation_id: UUID


class FirmwareAssigned(DeviceEvent, frozen=True, kw_only=True):
    """The image that the device is to run, installed or not yet."""

    TOPIC = "Device:FirmwareAssigned"

    firmware_id: UUID
    image_id: UUID
    installed: bool = False
    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.firmware_id = self.firmware_id
        device.image_id = self.image_id
        device.installed = self.installed


class FirmwareRemoved(DeviceEvent, frozen=True, kw_only=True):
    """Nothing is known of what the device runs or is to run."""

    TOPIC = "Device:FirmwareRemoved"

    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.firmware_id = None
        device.image_id = None
        device.installed = False


class FirmwareInstalled(DeviceEvent, frozen=True, kw_only=True):
    """Verified by evidence: the device runs this image."""

    TOPIC = "Device:FirmwareInstalled"

    image_id: UUID
    operation_id: UUID
    release: str
    revision: str

    def apply(self, device: DeviceState) -> None:
        # Another image may have been assigned meanwhile: that one is not installed.
        device.installed = device.image_id == self.image_id
        device.running_image_id = self.image_id


class Deactivated(DeviceEvent, frozen=True, kw_only=True):
    TOPIC = "Device:Deactivated"

    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.is_active = False
        device.retired_ip = device.management_ip
        device.management_ip = None


class Activated(DeviceEvent, frozen=True, kw_only=True):
    TOPIC = "Device:Activated"

    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.is_active = True


class Deleted(DeviceEvent, frozen=True, kw_only=True):
    """The router is in the inventory no more; its story stays in the log."""

    TOPIC = "Device:Deleted"

    by: UUID | None = None

    def apply(self, device: DeviceState) -> None:
        device.is_deleted = True
