"""The recorded visits of an operation, one by one, for those who look at them."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from application.flashlog import Flashlog
from application.log import Entry
from application.recordings.lines import AnyLine, MissingLine, decode
from application.recordings.operation_file import kept_lines
from domain.operation.events import VisitRecorded
from domain.operation.operation import UpgradeOperation
from domain.recordings import RECORDINGS_ID, Recordings


class RecordedVisit(msgspec.Struct, frozen=True, kw_only=True):
    """A visit that the log has a recording of.

    `number` counts those of the operation, from 1 on; `position` is where the log names
    it, `at` when it had ended, `attempt` that of the operation. `sha256` and
    `size_bytes` are the file's as it was written, `commands` is how many it tells of;
    where it could not be kept `trouble` says why.
    """

    number: int
    position: int
    at: datetime
    attempt: int
    sha256: str
    size_bytes: int
    commands: int
    trouble: str
    entry: Entry


def recorded_visits(flashlog: Flashlog, operation_id: UUID) -> list[RecordedVisit]:
    """Return the visits in their order."""
    return visits_in(operation_id, flashlog.log.story(operation_id))


def visits_in(operation_id: UUID, story: Iterable[Entry]) -> list[RecordedVisit]:
    """Return the visits that the beginning of a story, or all of it, tells of."""
    found: list[RecordedVisit] = []
    operation = UpgradeOperation(operation_id)
    for entry in story:
        operation.evolve(entry.event)
        if isinstance(entry.event, VisitRecorded):
            recorded = msgspec.structs.asdict(entry.event)
            names = ("sha256", "size_bytes", "commands", "trouble")
            found.append(
                RecordedVisit(
                    number=len(found) + 1,
                    position=entry.position,
                    at=entry.recorded_at,
                    attempt=operation.attempt,
                    entry=entry,
                    **{name: recorded[name] for name in names},
                )
            )
    return found


def lines_of(flashlog: Flashlog, visit: RecordedVisit) -> Sequence[AnyLine]:
    """Return what a visit said and heard, or one line that says why it is not known.

    No more than `recording_bytes_max` of it was kept.
    """
    recordings = flashlog.log.get_or_new(Recordings, RECORDINGS_ID)
    return list(decode(kept_lines(flashlog, recordings, visit.entry).splitlines()))


def reason_missing(lines: Sequence[AnyLine]) -> str:
    """Return why nothing is known of a visit; blank where something is."""
    first = lines[0] if lines else None
    return first.reason if isinstance(first, MissingLine) else ""
