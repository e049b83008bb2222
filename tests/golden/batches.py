"""Stories of mass upgrades."""

from collections.abc import Iterator
from uuid import UUID

from domain.base import Aggregate
from domain.batch.batch import Batch, BatchTargets
from domain.batch.events import Started
from domain.batch.words import Limits, Plan, Target, operation_id_of
from domain.operation.operation import UpgradeOperation
from tests.domain import examples


def _id(number: int) -> UUID:
    return UUID(f"90000000-0000-4000-8000-{number:012d}")


HELD, STOPPED, TARGETS, GROUP, LOCATION = map(_id, range(81, 86))


def all_stories(build_id: UUID, category_id: UUID, *, by: UUID) -> Iterator[Aggregate]:
    plan = Plan(
        build_id=build_id,
        category_id=category_id,
        organization_id=None,
        upgrade_all=True,
        group_id=GROUP,
        location_id=LOCATION,
        options={"c": True},
        limits=Limits(uploads_max=4, failures_max=1),
        expendable_packages=("tcpdump",),
    )
    targets = [Target(_id(number), examples.IMAGE_ID) for number in range(90, 93)]
    yield BatchTargets.freeze(TARGETS, targets)
    yield _held(plan, by)
    yield _stopped(plan, by)
    yield _postponed()


def _started(plan: Plan, by: UUID) -> Started:
    return Started(plan=plan, targets_id=TARGETS, total=3, at=examples.AT, by=by)


def _held(plan: Plan, by: UUID) -> Batch:
    batch = Batch.start(HELD, _started(plan, by))
    batch.note_filled(2)
    batch.note_filled(1)
    batch.count_failure(operation_id_of(HELD, _id(90)))
    batch.resume(by=by)
    batch.hold("a look at the first ones", by=by)
    return batch


def _stopped(plan: Plan, by: UUID) -> Batch:
    batch = Batch.start(STOPPED, _started(plan, by))
    batch.note_filled(2)
    batch.cancel(by=by)
    return batch


def _postponed() -> UpgradeOperation:
    operation_id = operation_id_of(HELD, _id(91))
    operation = examples.queued(operation_id, device_id=_id(91), batch_id=HELD)
    operation.begin_visit("runner-1")
    operation.postpone(cause="the batch is held", not_before=examples.later(9))
    return operation
