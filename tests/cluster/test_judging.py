"""The judge of a cluster notices what must not be."""

from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from application.log import Entry
from domain.operation.words import Status
from tests.chaos.follower import Follower
from tests.chaos.person import Heard
from tests.chaos.records import Records
from tests.cluster.round import wrong_endings
from tests.fleet.cases import CASES, GOOD, Case

OLD = next(case for case in CASES if case.name == "old firmware")
IDS = [uuid4() for _ in range(3)]
LOG = cast(
    "list[Entry]",
    [SimpleNamespace(event=SimpleNamespace(originator_id=i, TOPIC="x")) for i in IDS],
)
SAID = [(str(each), "x") for each in IDS]


def follower(told: list[int], said: list[tuple[str, str]]) -> Follower:
    follower = Follower(lambda: None, "key")
    follower.told, follower.said = told, said
    return follower


def test_a_feed_that_tells_the_log_is_right() -> None:
    assert follower([1, 2, 3], SAID).wrong_beside(LOG) == []


@pytest.mark.parametrize("told", [[1, 3], [1, 2, 2, 3], [2, 1, 3], [1, 2]])
def test_a_feed_with_gaps_repetitions_or_another_order_is_wrong(
    told: list[int],
) -> None:
    said = [SAID[position - 1] for position in told]
    assert follower(told, said).wrong_beside(LOG)


def test_a_feed_that_tells_something_else_is_wrong() -> None:
    (wrong,) = follower([1, 2, 3], [*SAID[:2], SAID[0]]).wrong_beside(LOG)
    assert "at 3" in wrong


@pytest.mark.parametrize(
    ("case", "status"), [(GOOD, Status.SUCCESS), (OLD, Status.FAILED)]
)
def test_a_router_may_end_as_its_fault_says(case: Case, status: Status) -> None:
    assert not endings(case, status, cancelled=[])


@pytest.mark.parametrize(
    ("case", "status"),
    [
        (GOOD, Status.FAILED),
        (GOOD, Status.ABORTED),
        (GOOD, Status.CANCELLED),
        (OLD, Status.SUCCESS),
    ],
)
def test_a_router_may_not_end_otherwise(case: Case, status: Status) -> None:
    assert endings(case, status, cancelled=[])


def test_a_cancel_that_was_accepted_must_be_kept() -> None:
    assert not endings(GOOD, Status.CANCELLED, cancelled=[IDS[0]])
    assert endings(GOOD, Status.SUCCESS, cancelled=[IDS[0]])


def endings(case: Case, status: Status, *, cancelled: list[UUID]) -> list[str]:
    operation = SimpleNamespace(id=IDS[0], status=status)
    records: Any = SimpleNamespace(
        operations={IDS[0]: operation}, number_of=lambda _: 0, told=str
    )
    heard = Heard(asked=cancelled, cancelled=cancelled)
    return wrong_endings(cast("Records", records), [case], heard)
