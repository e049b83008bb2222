"""The lines that people read, rendered from events: one place per event."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from application.log import Entry
from domain.base import Event
from domain.operation import events

_MIB = 1 << 20


def _attempt(event: events.AttemptBegun) -> str:
    if event.after_crash:
        return f"Attempt {event.attempt}: going on after an interruption"
    return f"Attempt {event.attempt}" if event.attempt > 1 else ""


def _connected(event: events.Connected) -> str:
    line = (
        f"Connected to {event.address}, host key {event.host_key_type} "
        f"{event.host_key_fingerprint}, starting upgrade process"
    )
    for credentials_id, reason in event.refused.items():
        line += f". Before, with credentials {credentials_id}: {reason}"
    if event.weak_algorithms:
        line += ". WARNING: this router speaks only SHA-1, which is weak"
    return line


def _compared(event: events.ImageCompared) -> str:
    if event.installed:
        return "The image is installed already: nothing to do"
    if event.marker:
        return "Firmware marker differs from the image, proceeding to upload"
    return "No firmware marker on the router, proceeding to upload"


def _services(services: tuple[str, ...], *, wifi: bool) -> str:
    return ", ".join([*services, *(["Wi-Fi"] if wifi else [])]) or "none"


def _mib(size_bytes: int) -> str:
    return f"{size_bytes / _MIB:.1f} MiB"


# How each event is told; an event without a line is not worth one.
_LINES: Mapping[type[Event], Callable[[Any], str]] = {
    events.AttemptBegun: _attempt,
    events.Connected: _connected,
    events.IdentityVerified: lambda e: (
        f"Device identity verified by {e.verified_by}: {e.identity} "
        f"({e.model or e.board}, {e.board}), running {e.release} {e.revision}"
    ),
    events.ImageCompared: _compared,
    events.ConfigurationBackedUp: lambda e: (
        f"Configuration backed up: {e.size_bytes} bytes, sha256 {e.sha256}"
    ),
    events.MemoryMeasured: lambda e: (
        f"Memory: {_mib(e.available_bytes)} available, {_mib(e.needed_bytes)} needed; "
        f"room for the upload: {_mib(e.room_bytes)}"
    ),
    events.SwitchArmed: lambda e: (
        "Leaving a dead-man's switch on the router: it restores itself after "
        f"{e.lease_seconds:.0f} s without a word from us"
    ),
    events.ServicesStopBegun: lambda e: (
        "Not enough memory: stopping non-critical services: "
        f"{_services(e.services, wifi=e.wifi)}"
    ),
    events.ServicesStopped: lambda e: f"Stopped: {_services(e.services, wifi=e.wifi)}",
    events.MemoryFreed: lambda e: (
        f"Enough memory available: {_mib(e.available_bytes)}, {_mib(e.needed_bytes)} "
        "needed, proceeding"
    ),
    events.UploadBegun: lambda e: (
        f"Uploading {_mib(e.size_bytes)} to {e.path}"
        + (f", {_mib(e.kept_bytes)} is there already" if e.kept_bytes else "")
    ),
    events.UploadAdvanced: lambda e: (
        f"Uploaded {_mib(e.sent_bytes)} of {_mib(e.size_bytes)}"
    ),
    events.Uploaded: lambda e: (
        f"Upload verified on the router: {_mib(e.size_bytes)} in {e.seconds:.1f} s, "
        f"sha256 {e.sha256}"
    ),
    events.ImageAccepted: lambda e: (
        "The router's own image test passed" + (f": {e.output}" if e.output else "")
    ),
    events.FlashBegun: lambda e: (
        f"Starting the flash, no way back from here: {e.command}"
    ),
    events.ConnectionLost: lambda e: f"Connection closed: {e.reason}",
    events.ReconnectAttempted: lambda e: (
        f"Looked for the router: {e.reason.removesuffix('.')}; next look at "
        f"{e.look_at:%H:%M:%S} UTC"
    ),
    events.Reconnected: lambda e: (
        f"Reconnected to {e.address}, the router has rebooted (boot id {e.boot_id})"
    ),
    events.OutcomeVerified: lambda e: (
        f"Outcome verified by {e.proved_by}: running {e.release} {e.revision}"
        + (f", {len(e.health_checks)} health checks passed" if e.health_checks else "")
    ),
    events.RetryScheduled: lambda e: (
        f"Failed for now: {e.cause.removesuffix('.')}."
        f" It will be retried at {e.not_before:%H:%M:%S} UTC"
    ),
    events.Postponed: lambda e: f"Back in the queue: {e.cause}",
    events.ServicesRestored: lambda e: (
        f"Services running again (by {e.by}): {_services(e.services, wifi=e.wifi)}"
    ),
    events.UploadRemoved: lambda e: f"Uploaded image removed (by {e.by})",
    events.SwitchDisarmed: lambda e: f"Dead-man's switch disarmed (by {e.by})",
    events.SettlementPostponed: lambda e: (
        f"Still owed to the router: {e.cause}; tried again at "
        f"{e.not_before:%H:%M:%S} UTC"
    ),
    events.ObligationGivenUp: lambda e: (
        f"GIVEN UP, a person has to look: {', '.join(e.obligations)}. {e.reason}"
    ),
    events.VisitRecorded: lambda e: (
        f"This visit could not be recorded: {e.trouble}" if e.trouble else ""
    ),
    events.Held: lambda e: f"Held until a person decides: {e.reason}",
    events.Resumed: lambda _: "Resumed by a person",
    events.Succeeded: lambda e: (
        "Firmware upgrade completed successfully"
        + (f": {e.reason}" if e.reason else "")
    ),
    events.Failed: lambda e: f"Upgrade failed: {e.reason}",
    events.Aborted: lambda e: f"Upgrade aborted: {e.reason}",
    events.Cancelled: lambda _: "Upgrade operation cancelled by user",
}


def line_of(event: Event) -> str:
    """Tell one event in a line; blank where it is not worth one."""
    tell = _LINES.get(type(event))
    return tell(event) if tell else ""


def render_log(entries: Iterable[Entry]) -> list[str]:
    """Tell a story in lines, oldest first."""
    return [line for entry in entries if (line := line_of(entry.event))]


# How the line begins that says why an operation ended.
_ENDINGS = {
    "success": "Firmware upgrade completed successfully",
    "failed": "Upgrade failed: ",
    "aborted": "Upgrade aborted: ",
    "cancelled": "Upgrade operation ",
}


def last_words(lines: Sequence[str], status: str) -> str:
    """Return why an operation ended or, where it has not, what was said last."""
    beginning = _ENDINGS.get(status, "")
    for line in reversed(lines):
        if line.startswith(beginning):
            return line.removeprefix(beginning).lstrip(": ")
    return ""
