"""The words an upgrade operation is told with."""

from enum import StrEnum

import msgspec


class Status(StrEnum):
    """How far an operation is; all but `IN_PROGRESS` are terminal."""

    IN_PROGRESS = "in-progress"
    SUCCESS = "success"
    FAILED = "failed"
    ABORTED = "aborted"
    CANCELLED = "cancelled"


class Phase(StrEnum):
    """What is going on inside `in-progress`."""

    QUEUED = "queued"
    CONNECTING = "connecting"
    CHECKING = "checking"
    FREEING_MEMORY = "freeing-memory"
    UPLOADING = "uploading"
    TESTING = "testing"
    FLASHING = "flashing"
    REBOOTING = "rebooting"
    VERIFYING = "verifying"
    WAITING_TO_RETRY = "waiting-to-retry"


class Obligation(StrEnum):
    """What may be owed to a router: recorded before it is taken, settled after."""

    SWITCH = "switch"
    SERVICES = "services"
    WIFI = "wifi"
    FILE = "file"


class SettledBy(StrEnum):
    """Who gave back what was owed."""

    FLASHLOG = "flashlog"
    SWITCH = "switch"
    REBOOT = "reboot"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What a router was running, by which one tells it from another moment."""

    boot_id: str
    identity: str
    macs: tuple[str, ...]
    release: str
    revision: str
