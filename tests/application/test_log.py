"""The log as commands use it: load, decide, save, read."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.log import EventLog, LostRaceError
from domain.device.device import Device
from domain.errors import NotFoundError
from domain.operation.operation import UpgradeOperation
from domain.reservation import Reservation
from tests.application.houses import opened_log
from tests.domain import examples


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with opened_log(tmp_path) as log:
        yield log


def test_an_aggregate_comes_back_as_it_was_saved(log: EventLog) -> None:
    operation = examples.uploading()
    log.append(operation)

    again = log.get(UpgradeOperation, operation.id)

    assert examples.state_of(again) == examples.state_of(operation)


def test_what_was_saved_in_pieces_is_one_story(log: EventLog) -> None:
    operation = examples.queued()
    log.append(operation)
    operation.begin_visit("runner-1")
    log.append(operation)

    again = log.get(UpgradeOperation, operation.id)

    assert examples.state_of(again) == examples.state_of(operation)


def test_what_is_unknown_or_something_else_is_not_found(log: EventLog) -> None:
    operation = examples.queued()
    log.append(operation)
    unknown = uuid4()

    with pytest.raises(NotFoundError) as refusal:
        log.get(UpgradeOperation, unknown)
    assert str(refusal.value) == f"there is no UpgradeOperation {unknown}"
    with pytest.raises(NotFoundError):
        log.get(Device, operation.id)
    assert log.find(Device, operation.id) is None
    assert log.find(UpgradeOperation, unknown) is None


def test_a_new_aggregate_begins_without_a_story(log: EventLog) -> None:
    reservation = log.get_or_new(Reservation, Reservation.id_of("scope", "key"))

    assert reservation.version == 0
    reservation.claim("scope", examples.DEVICE_ID)
    log.append(reservation)
    assert log.get(Reservation, reservation.id).owner_id == examples.DEVICE_ID


def test_an_append_says_how_far_the_log_is(log: EventLog) -> None:
    assert log.end() == 0
    operation = examples.visiting()

    assert log.append(operation) == 3
    assert log.append(operation) == 3
    assert log.end() == 3


def test_several_aggregates_are_saved_together_or_not_at_all(log: EventLog) -> None:
    device = examples.device()
    log.append(device)
    late = log.get(Device, device.id)
    device.deactivate()
    log.append(device)
    late.deactivate()
    operation = examples.queued()

    with pytest.raises(IntegrityError):
        log.append(operation, late)

    assert log.find(UpgradeOperation, operation.id) is None
    assert log.end() == 2


def test_a_decision_is_taken_again_when_somebody_came_first(log: EventLog) -> None:
    log.append(examples.queued())
    seen: list[int] = []

    def visit() -> int:
        operation = log.get(UpgradeOperation, examples.OPERATION_ID)
        seen.append(operation.version)
        if len(seen) == 1:
            other = log.get(UpgradeOperation, examples.OPERATION_ID)
            other.begin_visit("other")
            log.append(other)
        operation.begin_visit("one")
        return log.append(operation)

    assert log.decide(visit) == 5
    assert seen == [1, 3]


def test_a_race_that_is_always_lost_ends_with_a_sentence(log: EventLog) -> None:
    def lose() -> None:
        raise IntegrityError

    with pytest.raises(LostRaceError, match="try again"):
        log.decide(lose)


def test_decisions_of_many_threads_are_all_taken(log: EventLog) -> None:
    log.append(examples.queued())

    def visit(number: int) -> int:
        def decide() -> int:
            operation = log.get(UpgradeOperation, examples.OPERATION_ID)
            operation.begin_visit(f"runner-{number}")
            log.append(operation)
            return operation.visit

        return log.decide(decide)

    with ThreadPoolExecutor(4) as pool:
        visits = list(pool.map(visit, range(12)))

    assert sorted(visits) == list(range(1, 13))


def test_a_story_is_read_with_places_and_times(log: EventLog) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    log.append(examples.visiting())
    log.append(examples.device())

    story = log.story(examples.OPERATION_ID)

    assert [entry.position for entry in story] == [1, 2, 3]
    assert all(
        before <= entry.recorded_at < before + timedelta(minutes=1) for entry in story
    )
    part = log.story(examples.OPERATION_ID, after=1, until=2)
    assert [entry.position for entry in part] == [2]
    assert log.story(UUID(int=0)) == []


def test_the_log_is_read_on_from_any_position(log: EventLog) -> None:
    log.append(examples.visiting())
    log.append(examples.device())

    assert [entry.position for entry in log.read(after=0, limit=2)] == [1, 2]
    assert [entry.position for entry in log.read(after=2, limit=9)] == [3, 4]
    assert log.read(after=4, limit=9) == []


def test_an_append_waits_for_no_story_but_is_refused_when_it_has_gone_on(
    log: EventLog,
) -> None:
    device, operation = examples.device(), examples.queued()
    log.append(device)
    log.append(operation, unchanged=[device])
    operation.begin_visit("runner-1")
    stale = log.get(Device, device.id)
    device.deactivate()
    log.append(device)

    with pytest.raises(IntegrityError):
        log.append(operation, unchanged=[stale])

    assert log.get(UpgradeOperation, operation.id).visit == 0
