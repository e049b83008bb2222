"""Which recordings the log names, read from its rows as they are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from application.adapters.log.rows import StoredRows
from domain.operation.events import VisitRecorded
from domain.recordings import Recordings, RecordingsBlanked, RecordingsRemoved


class Named(NamedTuple):
    """A recording that an event names."""

    position: int
    recorded_at: datetime
    sha256: str


def named_in(rows: StoredRows) -> Iterator[Named]:
    """Return every recording that was kept; what cannot be read is left out."""
    for row in rows.of_topic(VisitRecorded.TOPIC):
        try:
            recorded = msgspec.json.decode(row.state, type=VisitRecorded)
            at = datetime.fromtimestamp(row.recorded_at / 1_000_000, UTC)
        except (msgspec.DecodeError, TypeError, ValueError, OverflowError):
            continue
        if recorded.sha256:
            yield Named(row.position, at, recorded.sha256)


def recordings_in(rows: StoredRows) -> Recordings:
    """Return what has become of them; what cannot be read is left out."""
    recordings = Recordings()
    for kind in (RecordingsRemoved, RecordingsBlanked):
        for row in rows.of_topic(kind.TOPIC):
            try:
                msgspec.json.decode(row.state, type=kind).apply(recordings)
            except (msgspec.DecodeError, TypeError):
                continue
    return recordings
