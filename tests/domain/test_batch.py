"""A batch: how it holds itself, and how its status follows from its operations."""

from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.batch.batch import (
    CHUNK_MAX,
    Batch,
    BatchCancelledError,
    BatchHeldError,
    BatchTargets,
)
from domain.batch.events import Started
from domain.batch.words import (
    BatchStatus,
    Limits,
    Plan,
    Target,
    operation_id_of,
    status_of,
)
from domain.errors import AlreadyEndedError, RefusedError
from domain.operation.words import Status
from tests.domain import examples

PERSON = examples.PERSON


def a_batch(total: int = 10, **limits: int) -> Batch:
    plan = Plan(
        build_id=uuid4(),
        category_id=uuid4(),
        organization_id=None,
        limits=Limits(**limits),
    )
    started = Started(plan=plan, targets_id=uuid4(), total=total, at=examples.AT)
    return Batch.start(uuid4(), started)


def names(batch: Batch) -> list[str]:
    return [type(event).__name__ for event in batch.collect_events()]


def test_it_holds_itself_exactly_at_the_failure_that_it_does_not_bear() -> None:
    batch = a_batch(failures_max=3)
    for _ in range(2):
        batch.count_failure(uuid4())
        batch.require_flash_allowed()
    batch.count_failure(uuid4())
    with pytest.raises(BatchHeldError, match="3 routers failed after the flash"):
        batch.require_flash_allowed()


def test_failures_of_those_under_way_are_counted_without_holding_it_twice() -> None:
    batch = a_batch(failures_max=1)
    batch.count_failure(uuid4())
    batch.count_failure(uuid4())
    assert names(batch).count("Held") == 1


def test_a_resumed_batch_bears_as_many_failures_again() -> None:
    batch = a_batch(failures_max=2)
    for _ in range(2):
        batch.count_failure(uuid4())
    batch.resume(by=PERSON)
    batch.count_failure(uuid4())
    batch.require_flash_allowed()
    batch.count_failure(uuid4())
    assert batch.held


@given(st.lists(st.integers(0, 2), max_size=30))
def test_with_the_hold_off_nothing_but_a_person_holds_it(steps: list[int]) -> None:
    batch = a_batch(failures_max=0)
    for _ in steps:
        batch.count_failure(uuid4())
    assert not batch.held
    batch.hold("a look", by=PERSON)
    with pytest.raises(BatchHeldError):
        batch.require_flash_allowed()


def test_what_a_person_may_do_is_refused_when_it_makes_no_sense() -> None:
    batch = a_batch()
    with pytest.raises(RefusedError):
        batch.resume()
    batch.hold("a look")
    with pytest.raises(RefusedError):
        batch.hold("another look")
    batch.cancel(by=PERSON)
    assert (batch.held, batch.cancelled_by) == ("", PERSON)
    with pytest.raises(AlreadyEndedError):
        batch.cancel()
    refused: list[Callable[[], object]] = [
        batch.resume,
        lambda: batch.hold(""),
        batch.require_flash_allowed,
    ]
    for command in refused:
        with pytest.raises(BatchCancelledError):
            command()
    with pytest.raises(BatchCancelledError):
        batch.note_filled(1)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=12))
def test_filling_ends_with_the_last_target_and_once(groups: list[int]) -> None:
    batch = a_batch(total=sum(groups))
    for group in groups:
        assert batch.is_filling
        batch.note_filled(group)
    assert not batch.is_filling
    assert names(batch).count("FillingEnded") == 1


@given(st.integers(0, 3 * CHUNK_MAX + 1))
def test_targets_are_frozen_in_chunks_and_in_their_order(count: int) -> None:
    targets = [Target(UUID(int=n), examples.IMAGE_ID) for n in range(count)]
    frozen = BatchTargets.freeze(uuid4(), targets)
    assert frozen.targets == targets
    assert all(len(chunk) <= CHUNK_MAX for chunk in frozen.chunks)


def test_an_operation_has_the_same_id_however_often_it_is_derived() -> None:
    batch_id, device_id = uuid4(), uuid4()
    assert operation_id_of(batch_id, device_id) == operation_id_of(batch_id, device_id)
    assert operation_id_of(batch_id, device_id) != operation_id_of(device_id, batch_id)


MIXES = [
    {str(status): count for status, count in zip(Status, counts, strict=True) if count}
    for counts in product((0, 1, 2), repeat=len(Status))
]


@pytest.mark.parametrize("mix", MIXES, ids=str)
def test_every_mix_of_operations_has_the_status_of_the_first_rule_that_fits(
    mix: Mapping[str, int],
) -> None:
    found = status_of(mix, is_filled=True, is_cancelled=False)
    if mix.get(Status.IN_PROGRESS):
        assert found is BatchStatus.IN_PROGRESS
    elif mix.get(Status.FAILED) or mix.get(Status.ABORTED) or not mix:
        assert found is BatchStatus.FAILED
    elif mix.get(Status.CANCELLED):
        assert found is BatchStatus.CANCELLED
    else:
        assert found is BatchStatus.SUCCESS


@pytest.mark.parametrize(
    ("mix", "is_cancelled", "status"),
    [
        ({}, False, BatchStatus.IDLE),
        ({Status.SUCCESS: 3}, False, BatchStatus.IN_PROGRESS),
        ({}, True, BatchStatus.CANCELLED),
        ({Status.SUCCESS: 3}, True, BatchStatus.CANCELLED),
        ({Status.FAILED: 3}, True, BatchStatus.FAILED),
    ],
)
def test_a_batch_that_was_not_filled_never_looks_done(
    mix: dict[str, int], *, is_cancelled: bool, status: BatchStatus
) -> None:
    counts: Any = Counter(mix)
    assert status_of(counts, is_filled=False, is_cancelled=is_cancelled) is status
