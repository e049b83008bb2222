"""An event as the log has it, and its time."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from eventsourcing.persistence import Notification

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LoggedEvent(Notification):
    """A stored event with its position (`id`) and time in the log.

    `recorded_at` is in microseconds since 1970 in UTC.
    """

    recorded_at: int

    def __init__(self, row: tuple[int, bytes, int, str, bytes, int]) -> None:
        super().__init__(
            originator_id=UUID(bytes=row[1]),
            originator_version=row[2],
            topic=row[3],
            state=row[4],
            id=row[0],
        )
        object.__setattr__(self, "recorded_at", row[5])


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
