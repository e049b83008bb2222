"""What became of the recordings of visits: those that are gone went for a reason."""

from datetime import datetime
from uuid import NAMESPACE_URL, UUID, uuid5

from domain.base import Aggregate, Event

RECORDINGS_ID = uuid5(NAMESPACE_URL, "flashlog:recordings")


class RecordingsEvent(Event, frozen=True, kw_only=True):
    """A fact about recordings."""


class RecordingsRemoved(RecordingsEvent, frozen=True, kw_only=True):
    """Those that were named in the log before `before` had been kept long enough."""

    TOPIC = "Recordings:Removed"

    before: datetime

    def apply(self, recordings: "Recordings") -> None:
        recordings.removed_before = self.before


class RecordingsBlanked(RecordingsEvent, frozen=True, kw_only=True):
    """Words in them were blanked, because somebody was erased whom they named.

    `replaced` has the hash of each file by that of the one before; a blank one is gone.
    """

    TOPIC = "Recordings:Blanked"

    replaced: dict[str, str]
    by: UUID | None = None

    def apply(self, recordings: "Recordings") -> None:
        recordings.replaced = {**recordings.replaced, **self.replaced}


class Recordings(Aggregate):
    """All recordings of an installation."""

    def __init__(self, aggregate_id: UUID = RECORDINGS_ID) -> None:
        super().__init__(aggregate_id)
        self.removed_before: datetime | None = None
        self.replaced: dict[str, str] = {}

    def remove(self, *, before: datetime) -> None:
        if self.removed_before is None or self.removed_before < before:
            self.record(RecordingsRemoved(before=before))

    def blank(self, replaced: dict[str, str], *, by: UUID | None = None) -> None:
        if replaced:
            self.record(RecordingsBlanked(replaced=replaced, by=by))

    def kept_as(self, sha256: str) -> str:
        """Return the hash that a file has by now; blank where it is gone."""
        seen = set()
        while sha256 in self.replaced and sha256 not in seen:
            seen.add(sha256)
            sha256 = self.replaced[sha256]
        return sha256

    def has_removed(self, recorded_at: datetime) -> bool:
        """Whether what was named in the log at this time is gone by now."""
        return self.removed_before is not None and recorded_at < self.removed_before


RecordingsEvent.AGGREGATE = Recordings
