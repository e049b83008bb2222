"""How far a batch is and what its members are called, for those who follow it."""

from uuid import UUID

import msgspec

from application.feed.occurrence import Occurrence
from application.projections.views import Row, Views
from domain.batch.batch import Batch

_ENDED = ("success", "failed", "aborted", "cancelled")
_NAMES = """
SELECT
  (SELECT name FROM device_owner WHERE id = ?) AS device_name,
  (SELECT category.name || ' v' || build.version || ': ' || image.type
    FROM image
    JOIN build ON build.id = image.build_id
    JOIN category ON category.id = build.category_id
    WHERE image.id = ?) AS image_name
"""


class BatchProgress(msgspec.Struct, frozen=True):
    """How many operations of a batch have ended, of how many there will be."""

    status: str
    completed: int
    total: int

    @classmethod
    def of(cls, row: Row) -> "BatchProgress":
        completed = sum(row[status] for status in _ENDED)
        begun = completed + row["in_progress"]
        # A batch that was cancelled early gets no more of them.
        is_cut = row["is_cancelled"] and not row["is_filled"]
        return cls(row["status"], completed, begun if is_cut else row["target_count"])


def batch_progress(views: Views, batch_id: str) -> BatchProgress | None:
    row = views.one("batch", batch_id)
    return BatchProgress.of(row) if row else None


def names_of_member(views: Views, operation: Row) -> Row:
    """Return `device_name` and `image_name`; None for what is no more."""
    (names,) = views.rows(_NAMES, [operation["device_id"], operation["image_id"]])
    return names


def batch_of_event(occurrence: Occurrence) -> UUID | None:
    """Return which batch an event is of, if it is of one itself."""
    event = occurrence.entry.event
    return event.originator_id if event.AGGREGATE is Batch else None
