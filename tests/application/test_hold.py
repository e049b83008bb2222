"""A hold is a fact of the log's order: behind it no flash begins, whoever runs."""

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest

from application.commands.batch_control import (
    cancel_batch,
    hold_batch,
    resume_batch,
)
from application.commands.operations import cancel_operation
from application.flashlog import Flashlog
from application.procedure import rollout
from application.queries.batches import batches
from domain.batch import events as batch_events
from domain.batch.batch import Batch, BatchTargets
from domain.batch.words import Limits, Plan, Target
from domain.device.device import Device
from domain.errors import AlreadyEndedError, RefusedError
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.application.houses import opened
from tests.application.stock import Stock
from tests.domain import examples

ROUTERS = 40


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


def ready(
    flashlog: Flashlog, failures_max: int, routers: int = ROUTERS
) -> tuple[UUID, list[UUID]]:
    """A batch whose routers all are about to be flashed."""
    stock = Stock(flashlog)
    devices = [stock.new_device() for _ in range(routers)]
    targets = [Target(each.id, examples.IMAGE_ID) for each in devices]
    frozen = BatchTargets.freeze(uuid4(), targets)
    plan = Plan(
        build_id=uuid4(),
        category_id=uuid4(),
        organization_id=None,
        limits=Limits(failures_max=failures_max),
    )
    started = batch_events.Started(
        plan=plan, targets_id=frozen.id, total=routers, at=examples.AT
    )
    batch = Batch.start(uuid4(), started)
    batch.note_filled(routers)
    operations = [
        examples.ready_to_flash(
            operation_id=uuid4(), device_id=each.id, batch_id=batch.id
        )
        for each in devices
    ]
    flashlog.log.append(frozen, batch, *devices, *operations)
    return batch.id, [each.id for each in operations]


def flash(flashlog: Flashlog, operation_id: UUID, *, fails: bool) -> None:
    """Begin the flash as a visit does, and let it fail or succeed."""

    def begin() -> None:
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        device = flashlog.log.get(Device, operation.device_id)
        rollout.append(
            flashlog.log, operation, device, lambda: examples.begin_flash(operation)
        )

    def end() -> None:
        operation = flashlog.log.get(UpgradeOperation, operation_id)
        device = flashlog.log.get(Device, operation.device_id)

        def decide() -> None:
            if fails:
                operation.fail("never back")
            else:
                operation.observe(examples.reconnected(), examples.outcome_verified())
                operation.succeed()

        rollout.append(flashlog.log, operation, device, decide)

    flashlog.log.decide(begin)
    flashlog.log.decide(end)


def test_a_batch_that_ended_with_its_last_failure_is_not_shown_as_held(
    flashlog: Flashlog,
) -> None:
    batch_id, operation_ids = ready(flashlog, failures_max=1, routers=2)
    cancel_operation(flashlog, operation_id=operation_ids[1])
    flash(flashlog, operation_ids[0], fails=True)
    flashlog.show(flashlog.log.end())

    assert flashlog.log.get(Batch, batch_id).held
    (row,) = batches().all(flashlog.views)
    assert (row["status"], row["held"]) == ("failed", "")
    refused: list[Callable[..., None]] = [hold_batch, resume_batch, cancel_batch]
    for command in refused:
        with pytest.raises(AlreadyEndedError):
            command(flashlog, batch_id=batch_id)


def too_late(flashlog: Flashlog, failures_max: int) -> list[int]:
    """Return where a flash begins behind a hold, a cancel or too many failures."""
    failed, is_held = 0, False
    flashed: set[UUID] = set()
    late = []
    for entry in flashlog.log.read(after=0, limit=10**9):
        event, thing_id = entry.event, entry.event.originator_id
        if isinstance(event, events.FlashBegun):
            flashed.add(thing_id)
            if is_held or failed >= failures_max:
                late.append(entry.position)
        elif isinstance(event, events.Failed) and thing_id in flashed:
            failed += 1
        elif isinstance(event, batch_events.Held | batch_events.Cancelled):
            is_held = True
        elif isinstance(event, batch_events.Resumed):
            failed, is_held = 0, False
    return late


@pytest.mark.parametrize("seed", range(3))
def test_no_flash_begins_behind_a_hold_however_many_begin_fail_hold_and_resume(
    flashlog: Flashlog, seed: int
) -> None:
    failures_max = 1 + seed
    batch_id, operation_ids = ready(flashlog, failures_max)
    chance = Random(seed)
    is_done = threading.Event()

    def run(mine: list[UUID], seed: int) -> None:
        own = Random(seed)
        waiting = list(mine)
        while waiting and not is_done.is_set():
            for operation_id in list(waiting):
                with suppress(RefusedError):
                    flash(flashlog, operation_id, fails=own.random() < 0.5)
                    waiting.remove(operation_id)

    def decide_by_hand() -> None:
        for _ in range(200):
            command = chance.choice([hold_batch, resume_batch, resume_batch])
            with suppress(RefusedError):
                command(flashlog, batch_id=batch_id)
        with suppress(AlreadyEndedError):
            cancel_batch(flashlog, batch_id=batch_id)
        is_done.set()

    threads = [
        threading.Thread(target=run, args=(operation_ids[number::6], number))
        for number in range(6)
    ]
    person = threading.Thread(target=decide_by_hand)
    for thread in (*threads, person):
        thread.start()
    for thread in (*threads, person):
        thread.join(60)

    assert too_late(flashlog, failures_max) == []
    story = [type(each.event).__name__ for each in flashlog.log.story(batch_id)]
    failures = [
        each
        for each in operation_ids
        if flashlog.log.get(UpgradeOperation, each).status == "failed"
    ]
    assert story.count("FailureCounted") <= len(failures)
    assert story.count("Held") > 1
    assert failures
