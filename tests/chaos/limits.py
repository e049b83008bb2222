"""Holds, cancels and limits of batches, and those of all: kept at every position?"""

from collections import Counter
from collections.abc import Collection, Iterator
from uuid import UUID

from domain.base import Event
from domain.batch import events as batch_events
from domain.batch.batch import Batch, BatchTargets
from domain.operation import events
from tests.chaos.records import Records

# Also a visit that was stopped or overtaken ends its upload; the next one goes on.
_UPLOAD_IS_OVER = (
    events.Uploaded
    | events.RetryScheduled
    | events.Postponed
    | events.Ended
    | events.VisitRecorded
    | events.AttemptBegun
)


def forbidden_flashes(records: Records) -> Iterator[str]:
    """Hold every flash against what was said of its batch until then."""
    log = records.house.flashlog.log
    said: dict[UUID, str] = {}
    failures: Counter[UUID] = Counter()
    for entry in records.entries:
        event = entry.event
        _note(event, said, failures)
        if not isinstance(event, events.FlashBegun):
            continue
        batch_id = records.operations[event.originator_id].batch_id
        if batch_id is None:
            continue
        if batch_id in said:
            yield f"flash begun at {entry.position}, {batch_id} was {said[batch_id]}"
        if 0 < log.get(Batch, batch_id).plan.limits.failures_max <= failures[batch_id]:
            yield f"flash begun after {failures[batch_id]} failures of {batch_id}"


def _note(event: Event, said: dict[UUID, str], failures: Counter[UUID]) -> None:
    match event:
        case batch_events.Held():
            said[event.originator_id] = "held"
        case batch_events.Cancelled():
            said[event.originator_id] = "cancelled"
        case batch_events.Resumed():
            said.pop(event.originator_id, None)
            failures[event.originator_id] = 0
        case batch_events.FailureCounted():
            failures[event.originator_id] += 1


def wrong_fillings(records: Records) -> Iterator[str]:
    """Every target has its one operation, unless the batch was cancelled."""
    flashlog = records.house.flashlog
    for batch_id, story in records.stories.items():
        if not isinstance(story[0], batch_events.Started):
            continue
        batch = flashlog.log.get(Batch, batch_id)
        targets = flashlog.log.get(BatchTargets, batch.targets_id).targets
        wanted = Counter(target.device_id for target in targets)
        made = Counter(
            each.device_id
            for each in records.operations.values()
            if each.batch_id == batch_id
        )
        if made - wanted or (made != wanted and not batch.is_cancelled):
            yield f"batch {batch_id}: {wanted - made} lack, {made - wanted} too many"
        row = flashlog.views.one("batch", str(batch_id))
        if row is None or row["status"] in {"idle", "in-progress"}:
            yield f"batch {batch_id} has not ended: {row}"


def broken_limits(records: Records) -> Iterator[str]:
    """Count at every position what there is at that moment, in all and by batch."""
    uploading: set[UUID] = set()
    rebooting: set[UUID] = set()
    for entry in records.entries:
        event, operation_id = entry.event, entry.event.originator_id
        if isinstance(event, events.UploadBegun):
            uploading.add(operation_id)
        elif isinstance(event, _UPLOAD_IS_OVER):
            uploading.discard(operation_id)
        if isinstance(event, events.FlashBegun):
            rebooting.add(operation_id)
        elif isinstance(event, events.Ended):
            rebooting.discard(operation_id)
        if isinstance(event, events.UploadBegun | events.FlashBegun):
            for what in _over(records, operation_id, uploading, rebooting):
                yield f"at {entry.position}: {what}"


def _over(
    records: Records, operation_id: UUID, uploading: set[UUID], rebooting: set[UUID]
) -> Iterator[str]:
    """Say which limits are exceeded with what this operation has begun."""
    place = records.location_of(operation_id)
    counted = {
        "uploads_max": uploading,
        "uploads_per_location_max": {
            each for each in uploading if records.location_of(each) == place
        },
        "reboots_max": rebooting,
    }
    operations = records.operations
    batch_id = operations[operation_id].batch_id
    for name, all_of_them in counted.items():
        most = getattr(records.house.settings, name)
        if len(all_of_them) > most:
            yield _told(records, f"{name} of {most}", all_of_them)
        if batch_id is None:
            continue
        mine = [each for each in all_of_them if operations[each].batch_id == batch_id]
        plan = records.house.flashlog.log.get(Batch, batch_id).plan
        most = getattr(plan.limits, name)
        if len(mine) > most:
            yield _told(records, f"{name} of {most} of a batch", mine)


def _told(records: Records, limit: str, too_many: Collection[UUID]) -> str:
    return "\n".join([f"{limit} is exceeded by", *map(records.told, too_many)])
