"""Named examples: upgrades at the moments that tests speak of, and the facts to them.

Every example is reached by the commands that reach it in life.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from domain.base import Aggregate
from domain.device.device import Device
from domain.device.events import Registered
from domain.device.words import Connection, PinnedKey
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID

AT = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)
OPERATION_ID = UUID("0e000000-0000-4000-8000-000000000001")
DEVICE_ID = UUID("de000000-0000-4000-8000-000000000001")
IMAGE_ID = UUID("1a000000-0000-4000-8000-000000000001")
OTHER_IMAGE_ID = UUID("1a000000-0000-4000-8000-000000000002")
CREDENTIALS_ID = UUID("cc000000-0000-4000-8000-000000000001")
FIRMWARE_ID = UUID("fa000000-0000-4000-8000-000000000001")
PERSON = UUID("aa000000-0000-4000-8000-000000000001")
IMAGE_BYTES = 7_340_032
SHA256 = "5e" * 32
PATH = "/tmp/flashlog-image.bin"
COMMAND = f"/sbin/sysupgrade -c {PATH}"
SERVICES = ("uhttpd", "collectd")
KEY = PinnedKey(type="ssh-ed25519", base64="AAAAC3Nz", fingerprint="SHA256:abc")


def later(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    """Everything that an aggregate is, without what waits to be saved."""
    return {name: value for name, value in vars(aggregate).items() if name[0] != "_"}


# --- facts --------------------------------------------------------------------


def started(**changes: Any) -> events.Started:
    said: dict[str, Any] = {"device_id": DEVICE_ID, "image_id": IMAGE_ID, "at": AT}
    return events.Started(**(said | changes))


def connected() -> events.Connected:
    return events.Connected(
        address="10.0.0.7",
        credentials_id=CREDENTIALS_ID,
        host_key_type=KEY.type,
        host_key_fingerprint=KEY.fingerprint,
    )


def identity_verified(boot_id: str = "boot-1") -> events.IdentityVerified:
    return events.IdentityVerified(
        verified_by="mac",
        identity="00:11:22:aa:bb:cc",
        boot_id=boot_id,
        macs=("00:11:22:aa:bb:cc",),
        board="tplink,archer-c7-v5",
        model="TP-Link Archer C7 v5",
        release="22.03.5",
        revision="r20134-5f15225c1e",
    )


def image_compared(*, installed: bool = False) -> events.ImageCompared:
    return events.ImageCompared(
        marker=SHA256 if installed else "",
        revision="r20134-5f15225c1e",
        installed=installed,
    )


def memory_measured() -> events.MemoryMeasured:
    return events.MemoryMeasured(
        available_bytes=5_000_000, needed_bytes=11_534_336, room_bytes=30_000_000
    )


def switch_armed() -> events.SwitchArmed:
    return events.SwitchArmed(lease_seconds=900.0)


def services_stop_begun(
    services: tuple[str, ...] = SERVICES, *, wifi: bool = True
) -> events.ServicesStopBegun:
    return events.ServicesStopBegun(services=services, wifi=wifi)


def upload_begun() -> events.UploadBegun:
    return events.UploadBegun(path=PATH, size_bytes=IMAGE_BYTES)


def upload_advanced(sent_bytes: int = IMAGE_BYTES // 2) -> events.UploadAdvanced:
    return events.UploadAdvanced(sent_bytes=sent_bytes, size_bytes=IMAGE_BYTES)


def uploaded() -> events.Uploaded:
    return events.Uploaded(
        size_bytes=IMAGE_BYTES, sha256=SHA256, sent_bytes=IMAGE_BYTES, seconds=3.2
    )


def image_accepted() -> events.ImageAccepted:
    return events.ImageAccepted(output="", verdict='{"valid": true}')


def reconnected() -> events.Reconnected:
    return events.Reconnected(address="10.0.0.7", boot_id="boot-2", at=later(100))


def reconnect_attempted(seconds: float = 60) -> events.ReconnectAttempted:
    return events.ReconnectAttempted(reason="no answer", look_at=later(seconds))


def outcome_verified() -> events.OutcomeVerified:
    return events.OutcomeVerified(
        boot_id="boot-2",
        identity="00:11:22:aa:bb:cc",
        release="23.05.5",
        revision="r24106-10cc5fcd00",
        proved_by="revision",
    )


# --- operations -----------------------------------------------------------------


def queued(operation_id: UUID = OPERATION_ID, **changes: Any) -> UpgradeOperation:
    return UpgradeOperation.start(operation_id, started(**changes))


def visiting(**changes: Any) -> UpgradeOperation:
    operation = queued(**changes)
    operation.begin_visit("runner-1")
    return operation


def checked(**changes: Any) -> UpgradeOperation:
    operation = visiting(**changes)
    operation.note(connected(), identity_verified(), image_compared())
    return operation


def uploading(**changes: Any) -> UpgradeOperation:
    """Every obligation is owed: switch, services, Wi-Fi, file."""
    operation = checked(**changes)
    operation.note(memory_measured(), switch_armed(), services_stop_begun())
    operation.note(upload_begun())
    return operation


def ready_to_flash(**changes: Any) -> UpgradeOperation:
    operation = uploading(**changes)
    operation.note(uploaded(), image_accepted())
    return operation


def begin_flash(operation: UpgradeOperation) -> None:
    operation.begin_flash(command=COMMAND, canary="/c", at=AT, look_at=later(3))


def flashing(**changes: Any) -> UpgradeOperation:
    operation = ready_to_flash(**changes)
    begin_flash(operation)
    return operation


def verified(**changes: Any) -> UpgradeOperation:
    operation = flashing(**changes)
    operation.observe(reconnected(), outcome_verified())
    return operation


def waiting_to_retry(**changes: Any) -> UpgradeOperation:
    operation = ready_to_flash(**changes)
    operation.schedule_retry(cause="link lost", not_before=later(60))
    return operation


def cancelled_owing(**changes: Any) -> UpgradeOperation:
    operation = uploading(**changes)
    operation.cancel(at=AT, by=PERSON)
    return operation


def aborted(**changes: Any) -> UpgradeOperation:
    operation = queued(**changes)
    operation.abort("the device is busy")
    return operation


def held(**changes: Any) -> UpgradeOperation:
    operation = uploading(**changes)
    operation.hold("the log was restored")
    return operation


# --- devices ---------------------------------------------------------------------


def device(device_id: UUID = DEVICE_ID, **changes: Any) -> Device:
    said: dict[str, Any] = {
        "name": "roof-17",
        "organization_id": DEFAULT_ORGANIZATION_ID,
        "mac_address": "00:11:22:aa:bb:cc",
        "addresses": ("10.0.0.7",),
        "connections": (
            Connection(
                connection_id=UUID("c0000000-0000-4000-8000-000000000001"),
                credentials_id=CREDENTIALS_ID,
            ),
        ),
    }
    return Device.register(device_id, Registered(**(said | changes)))
