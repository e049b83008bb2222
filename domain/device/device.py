"""One router, told by its commands."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import UUID

from domain.device import events
from domain.device.events import DeviceEvent
from domain.device.state import DeviceState
from domain.device.words import (
    Connection,
    Description,
    Jump,
    Learned,
    LogIn,
    PinnedKey,
)
from domain.errors import RefusedError

_LOG_IN_IS_NEWS_AFTER = timedelta(days=1)


class StillActiveError(RefusedError):
    """A device is deleted only when it was deactivated before."""


class Device(DeviceState):
    """A router: who it is, where it is, how to get in, what it is to run."""

    @classmethod
    def register(cls, device_id: UUID, registered: events.Registered) -> "Device":
        device = cls(device_id)
        device.record(registered)
        return device

    def give(self, operation_id: UUID, image_id: UUID) -> None:
        """Give the device to an operation.

        The caller has seen that the operation it was last given to is settled; two
        callers that saw so at the same moment meet in the device's version.
        """
        self.require_active()
        self.record(events.OperationGiven(operation_id=operation_id, image_id=image_id))

    def allow_flash(self, operation_id: UUID) -> None:
        """Let the operation flash: whoever deactivates the device later is too late."""
        self.require_active()
        self.record(events.FlashAllowed(operation_id=operation_id))

    def require_active(self) -> None:
        if not self.is_active:
            msg = "Firmware upgrades are not allowed for deactivated devices."
            raise RefusedError(msg)

    def assign_firmware(
        self,
        image_id: UUID,
        *,
        firmware_id: UUID,
        installed: bool = False,
        by: UUID | None = None,
    ) -> None:
        """Note the image that the device is to run, or is known to run."""
        assigned = events.FirmwareAssigned(
            firmware_id=self.firmware_id or firmware_id,
            image_id=image_id,
            installed=installed,
            by=by,
        )
        self.record(assigned)

    def remove_firmware(self, *, by: UUID | None = None) -> None:
        if self.firmware_id is not None:
            self.record(events.FirmwareRemoved(by=by))

    def install(self, installed: events.FirmwareInstalled) -> None:
        self.record(installed)

    def pin_host_key(self, key: PinnedKey, *, by: UUID | None = None) -> None:
        if self.host_key != key:
            self.record(events.HostKeyPinned(key=key, by=by))

    def release_host_key(self, reason: str, *, by: UUID | None = None) -> None:
        if self.host_key is not None:
            self.record(events.HostKeyReleased(reason=reason, by=by))

    def enroll(self, uuid: UUID, *, by: UUID | None = None) -> None:
        if self.enrolled_uuid != uuid:
            self.record(events.Enrolled(uuid=uuid, by=by))

    def learn(self, facts: Learned) -> None:
        """Keep what a verified visit has found, where it is news."""
        if self.learned != facts:
            self.record(
                events.FactsLearned(
                    board=facts.board,
                    model=facts.model,
                    release=facts.release,
                    revision=facts.revision,
                )
            )

    def note_packages(self, packages: tuple[str, ...]) -> None:
        """Keep what is installed on the router beside its ROM, where it is news."""
        if (self.packages or ()) != packages:
            self.record(events.PackagesNoted(packages=packages))

    def change(self, description: Description, *, by: UUID | None = None) -> None:
        if self.description != description:
            self.record(events.Changed(description=description, by=by))

    def change_addresses(
        self,
        addresses: tuple[str, ...],
        *,
        management_ip: str | None = None,
        by: UUID | None = None,
    ) -> None:
        """Dial these from now on; `management_ip` is None or the first of them."""
        if (self.addresses, self.management_ip) != (addresses, management_ip):
            changed = events.AddressesChanged(
                addresses=addresses, management_ip=management_ip, by=by
            )
            self.record(changed)

    def change_jumps(self, jumps: tuple[Jump, ...], *, by: UUID | None = None) -> None:
        """Go through these hosts from now on."""
        if self.jumps != jumps:
            self.record(events.JumpsChanged(jumps=jumps, by=by))

    def expect_agent(self, uuid: UUID, *, by: UUID | None = None) -> None:
        """Know the router by its agent's UUID, where none is known yet."""
        if self.agent_uuid is None:
            self.record(events.AgentExpected(uuid=uuid, by=by))
        elif self.agent_uuid != uuid:
            msg = (
                f"The router is known by the UUID {self.agent_uuid}, not by {uuid}: "
                "if it was replaced, deactivate and delete the device first."
            )
            raise RefusedError(msg)

    def change_connections(
        self,
        connections: tuple[Connection, ...],
        *,
        by: UUID | None = None,
    ) -> None:
        if self.connections != connections:
            self.record(events.ConnectionsChanged(connections=connections, by=by))

    def note_log_ins(
        self,
        *,
        worked: UUID | None,
        refused: Mapping[UUID, str],
        at: datetime,
    ) -> None:
        """Keep which credentials worked, where it is news or a day has passed."""
        known = {connection.credentials_id for connection in self.connections}
        tried = events.ConnectionsTried(
            at=at,
            worked=worked if worked in known else None,
            refused={each: why for each, why in refused.items() if each in known},
        )
        if any(self._is_news(*found) for found in tried.log_ins.items()):
            self.record(tried)

    def deactivate(self, *, by: UUID | None = None) -> None:
        if not self.is_active:
            msg = "the device is deactivated already"
            raise RefusedError(msg)
        self.record(events.Deactivated(by=by))

    def activate(self, *, by: UUID | None = None) -> None:
        if self.is_active:
            msg = "the device is active already"
            raise RefusedError(msg)
        self.record(events.Activated(by=by))

    def delete(self, *, by: UUID | None = None) -> None:
        if self.is_active:
            msg = "The device must be deactivated prior to deletion"
            raise StillActiveError(msg)
        self.record(events.Deleted(by=by))

    def _is_news(self, credentials_id: UUID, found: LogIn) -> bool:
        last = self.log_ins.get(credentials_id)
        if last is None or found.at - last.at > _LOG_IN_IS_NEWS_AFTER:
            return True
        return (last.is_working, last.reason) != (found.is_working, found.reason)


DeviceEvent.AGGREGATE = Device
