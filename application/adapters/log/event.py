"""An event as the log has it, and its time."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventsourcing.persistence import Notification

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Row = tuple[int, bytes, int, str, bytes, int]


class LoggedEvent(Notification):
    """A stored event with its position (`id`) and time in the log.

    `recorded_at` is in microseconds since 1970 in UTC.
    """

    recorded_at: int

    def __init__(self, row: Row, originator_id: UUID) -> None:
        # Millions are made for a rebuild: a frozen dataclass takes ten times as long
        # to set its fields one after the other.
        its = self.__dict__
        its["originator_id"] = originator_id
        its["id"], its["originator_version"] = row[0], row[2]
        its["topic"], its["state"], its["recorded_at"] = row[3], row[4], row[5]


def logged(rows: Iterable[Row]) -> list[LoggedEvent]:
    """Make events of rows; many of them are of one story, whose id is made once."""
    known: dict[bytes, UUID] = {}
    events = []
    for row in rows:
        story = row[1]
        originator_id = known.get(story)
        if originator_id is None:
            originator_id = known[story] = UUID(bytes=story)
        events.append(LoggedEvent(row, originator_id))
    return events


def utc_now() -> datetime:
    return datetime.now(UTC)


def microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment_of(recorded_at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=recorded_at)


def id_bytes(originator_id: UUID | str) -> bytes:
    return (
        originator_id if isinstance(originator_id, UUID) else UUID(originator_id)
    ).bytes
