"""What devices ran and when, by evidence: what was found on them or verified there.

What people say of a device's firmware does not count. A device is told from its
registration to its deletion; before it was seen for the first time nobody knows what
it ran, and what was found counts until something else is.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from uuid import UUID

import msgspec

from application.access import ALL, Condition
from application.flashlog import Flashlog
from application.log import Entry
from application.past.moments import Moment
from application.past.patience import Patience
from domain.device import events

# So many stories are in memory at a time.
_CHUNK = 500
_TOPICS = (
    events.Registered.TOPIC,
    events.FactsLearned.TOPIC,
    events.FirmwareInstalled.TOPIC,
    events.Deleted.TOPIC,
)


class Firmware(msgspec.Struct, frozen=True, kw_only=True):
    """What a device runs; blank where nothing is known.

    `image_id` is the image that was verified to have been installed, if one was.
    """

    release: str = ""
    revision: str = ""
    image_id: UUID | None = None

    @property
    def is_known(self) -> bool:
        return self != Firmware()

    def is_other_than(self, before: "Firmware") -> bool:
        """Whether it is known to be another firmware, not the same better known."""
        same = (self.release, self.revision) == (before.release, before.revision)
        both = self.image_id and before.image_id
        return not same or bool(both and self.image_id != before.image_id)


class Since(msgspec.Struct, frozen=True, kw_only=True):
    """How it came to be known that a device runs something.

    `operation_id` is the upgrade that verified it; without one a visit found it.
    """

    position: int
    at: datetime
    firmware: Firmware
    operation_id: UUID | None = None


class Life(msgspec.Struct, frozen=True, kw_only=True):
    """A device from its registration on: what it ran, oldest first.

    `name` is what it is or, when it was deleted, was called.
    """

    device_id: UUID
    name: str
    since: Sequence[Since]
    left: Moment | None = None

    def at(self, position: int) -> Since | None:
        """Return what it ran at a position; None where it was not there."""
        if self.left is not None and self.left.position <= position:
            return None
        found = [each for each in self.since if each.position <= position]
        return found[-1] if found else None


def lives(
    flashlog: Flashlog,
    seen: Sequence[Condition],
    *,
    until: int,
    patience: Patience,
) -> Iterator[Life]:
    """Tell the lives of devices up to a position, by the age of the devices.

    `seen` are conditions on `device_owner`, where every device stands that ever was.
    """
    text = " AND ".join(each.text for each in seen) or ALL.text
    rows = flashlog.views.rows(
        f"SELECT id, name FROM device_owner WHERE {text} ORDER BY position",  # noqa: S608
        [value for each in seen for value in each.values],
    )
    for start in range(0, len(rows), _CHUNK):
        patience.require_more()
        names = {UUID(row["id"]): row["name"] for row in rows[start : start + _CHUNK]}
        entries = flashlog.log.stories(list(names), topics=_TOPICS)
        told = {
            device_id: list(story)
            for device_id, story in groupby(
                (each for each in entries if each.position <= until),
                key=attrgetter("event.originator_id"),
            )
        }
        for device_id, name in names.items():
            if device_id in told:
                yield _life(device_id, name, told[device_id])


def _life(device_id: UUID, name: str, story: Sequence[Entry]) -> Life:
    since: list[Since] = []
    left = None
    for entry in story:
        event = entry.event
        if isinstance(event, events.Deleted):
            left = Moment(entry.position, entry.recorded_at)
            continue
        operation_id = None
        before = since[-1].firmware if since else None
        firmware = Firmware()
        if isinstance(event, events.FactsLearned):
            firmware = Firmware(release=event.release, revision=event.revision)
            # It is still what was installed: it was only looked at again.
            if before is not None and not firmware.is_other_than(before):
                continue
        elif isinstance(event, events.FirmwareInstalled):
            operation_id = event.operation_id
            firmware = Firmware(
                release=event.release,
                revision=event.revision,
                image_id=event.image_id,
            )
            if firmware == before:
                continue
        since.append(
            Since(
                position=entry.position,
                at=entry.recorded_at,
                firmware=firmware,
                operation_id=operation_id,
            )
        )
    return Life(device_id=device_id, name=name, since=since, left=left)
