"""How fast the bytes move: from what the upload itself has recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec

from application.log import Entry
from application.queries.operation_story.retelling import Retold
from domain.operation import events

# The rate is that of the last seconds, so that it follows a link that changes.
_WINDOW = timedelta(seconds=15)


class Upload(msgspec.Struct, frozen=True, kw_only=True):
    """The latest upload. `bytes_per_second` is None until two moments are known."""

    sent_bytes: int
    size_bytes: int
    bytes_per_second: float | None = None

    @property
    def remaining_seconds(self) -> float | None:
        """How long it takes at this rate; None where that cannot be told."""
        if not self.bytes_per_second:
            return None
        return (self.size_bytes - self.sent_bytes) / self.bytes_per_second


def upload_of(retold: Retold) -> Upload | None:
    """Return the latest upload of an operation, if one was begun."""
    begun = [
        number
        for number, entry in enumerate(retold.entries)
        if isinstance(entry.event, events.UploadBegun)
    ]
    if not begun:
        return None
    entries = retold.entries[begun[-1] :]
    for entry in entries:
        if isinstance(entry.event, events.Uploaded):
            return _whole(entry.event)
    return _partial(entries)


def _whole(uploaded: events.Uploaded) -> Upload:
    rate = uploaded.sent_bytes / uploaded.seconds if uploaded.seconds else None
    return Upload(
        sent_bytes=uploaded.size_bytes,
        size_bytes=uploaded.size_bytes,
        bytes_per_second=rate,
    )


def _partial(entries: Sequence[Entry]) -> Upload:
    points: list[tuple[datetime, int]] = []
    size_bytes = 0
    for entry in entries:
        event = entry.event
        if isinstance(event, events.UploadBegun):
            points.append((entry.recorded_at, event.kept_bytes))
            size_bytes = event.size_bytes
        elif isinstance(event, events.UploadAdvanced):
            points.append((entry.recorded_at, event.sent_bytes))
    last_at, last_bytes = points[-1]
    near = [point for point in points[:-1] if last_at - point[0] <= _WINDOW]
    first_at, first_bytes = (near or points[-2:] or points)[0]
    seconds = (last_at - first_at).total_seconds()
    rate = (last_bytes - first_bytes) / seconds if seconds > 0 else None
    return Upload(sent_bytes=last_bytes, size_bytes=size_bytes, bytes_per_second=rate)
