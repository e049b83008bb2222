"""Which recordings the log names, read from its rows as they are stored."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

import msgspec

from application.adapters.log.rows import StoredRows
from domain.base import Event
from domain.operation.events import VisitRecorded
from domain.recordings import Recordings, RecordingsBlanked, RecordingsRemoved
from domain.topics import current_form, stored_as
from domain.transparency.leaf import StoredRow

E = TypeVar("E", bound=Event)


class Named(NamedTuple):
    """A recording that an event names."""

    position: int
    recorded_at: datetime
    sha256: str


def named_in(rows: StoredRows) -> Iterator[Named]:
    """Return every recording that was kept; what cannot be read is left out."""
    for row, recorded in _read(rows, VisitRecorded):
        try:
            at = datetime.fromtimestamp(row.recorded_at / 1_000_000, UTC)
        except (TypeError, ValueError, OverflowError):
            continue
        if recorded.sha256:
            yield Named(row.position, at, recorded.sha256)


def recordings_in(rows: StoredRows) -> Recordings:
    """Return what has become of them; what cannot be read is left out."""
    recordings = Recordings()
    for kind in (RecordingsRemoved, RecordingsBlanked):
        for _, event in _read(rows, kind):
            event.apply(recordings)
    return recordings


def _read(rows: StoredRows, kind: type[E]) -> Iterator[tuple[StoredRow, E]]:
    """Read events of one kind, whatever they were called when they were stored."""
    for name in stored_as([kind.TOPIC]):
        for row in rows.of_topic(name):
            try:
                topic, state = current_form(name, row.state)
                event = msgspec.json.decode(state, type=kind)
            except (msgspec.DecodeError, TypeError, ValueError):
                continue
            if topic == kind.TOPIC:
                yield row, event
