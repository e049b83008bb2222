"""What happened to one device: its own events and its upgrades, a line each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.procedure.story import line_of
from application.queries.overview import operations_by_name
from application.queries.people import name_of
from domain.base import Event
from domain.device import events
from domain.operation.events import ObligationGivenUp, Started


class Happening(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened to a device.

    `by` is the name of the person who did it, blank where Flashlog itself did. An
    upgrade has its `operation_id`, and the `status` that it has by now.
    """

    position: int
    at: datetime
    event: str
    line: str
    by: str
    operation_id: UUID | None = None
    status: str = ""


def device_history(
    flashlog: Flashlog, device_id: UUID, *, limit: int | None = None
) -> list[Happening]:
    """Tell what happened to a device, newest first: all of it, or so many lines."""
    happened = [
        *_own(flashlog, device_id),
        # An upgrade is told with a line or more: that many are enough.
        *_of_upgrades(flashlog, device_id, limit=limit),
    ]
    newest_first = sorted(happened, key=lambda each: each.position, reverse=True)
    return newest_first[:limit]


def line_of_device(event: Event) -> str:
    """Tell an event of a device in a line; blank where it has none."""
    tell = _LINES.get(type(event))
    return tell(event) if tell else ""


def _own(flashlog: Flashlog, device_id: UUID) -> Iterator[Happening]:
    was_pinned = False
    for entry in flashlog.log.story(device_id):
        event = entry.event
        line = line_of_device(event)
        if not line:
            continue
        if isinstance(event, events.HostKeyPinned):
            line = f"{'changed' if was_pinned else 'pinned'} {line}"
            was_pinned = True
        yield _happening(flashlog, entry, line)


def _of_upgrades(
    flashlog: Flashlog, device_id: UUID, *, limit: int | None
) -> Iterator[Happening]:
    for row in operations_by_name(flashlog, device_id=device_id, limit=limit):
        operation_id, status = UUID(row["id"]), str(row["status"])
        for entry in flashlog.log.story(operation_id):
            if isinstance(entry.event, Started):
                image = row["version"] or row["image"] or row["image_id"]
                again = f", again after {row['retry_of']}" if row["retry_of"] else ""
                line = f"upgrade to {image}{again}: {status}"
            elif isinstance(entry.event, ObligationGivenUp):
                line = line_of(entry.event)
            else:
                continue
            yield _happening(
                flashlog, entry, line, operation_id=operation_id, status=status
            )


def _happening(
    flashlog: Flashlog, entry: Entry, line: str, **of_upgrade: Any
) -> Happening:
    by = getattr(entry.event, "by", None)
    return Happening(
        position=entry.position,
        at=entry.recorded_at,
        event=type(entry.event).__name__,
        line=line,
        by=name_of(flashlog, by) if by else "",
        **of_upgrade,
    )


# How each event of a device is told. That an operation was given to it, and that its
# image is installed, is told with the operation.
_LINES: Mapping[type[Event], Callable[[Any], str]] = {
    events.Registered: lambda e: (
        f"registered as {e.name}, MAC {e.mac_address}, at {', '.join(e.addresses)}"
    ),
    events.AddressesChanged: lambda e: f"addresses changed: {', '.join(e.addresses)}",
    events.ConnectionsChanged: lambda e: f"log-ins changed: {len(e.connections)} now",
    events.ConnectionsTried: lambda e: "; ".join(
        f"credentials {each}: {why}" for each, why in e.refused.items()
    ),
    events.JumpsChanged: lambda e: (
        f"goes through {', '.join(jump.address for jump in e.jumps) or 'no host'}"
    ),
    events.AgentExpected: lambda e: f"known by the UUID {e.uuid} of its agent",
    events.HostKeyPinned: lambda e: f"host key {e.key.type} {e.key.fingerprint}",
    events.HostKeyReleased: lambda e: f"host key released: {e.reason}",
    events.Enrolled: lambda e: f"enrolled with UUID {e.uuid}",
    events.FactsLearned: lambda e: (
        f"visited: {e.board}, running {e.release} {e.revision}".rstrip()
    ),
    events.Deactivated: lambda _: "deactivated",
    events.Activated: lambda _: "activated",
}
