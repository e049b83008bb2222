"""Visits that people ask for: some at a time, never too many, soon forgotten."""

from collections.abc import Callable
from datetime import UTC, datetime
from threading import Event, Lock
from uuid import UUID, uuid4

import pytest

from application.procedure.check import CheckReport
from application.read_only_visits import ReadOnlyVisits, TooManyVisitsError

_AT = datetime(2026, 1, 5, tzinfo=UTC)
_PERSON = uuid4()
_LIMIT_SECONDS = 60.0


def _visits(look: Callable[[UUID], CheckReport], **limits: int) -> ReadOnlyVisits:
    return ReadOnlyVisits(look, **({"at_once_max": 2, "waiting_max": 10} | limits))


def _well(device_id: UUID) -> CheckReport:
    return CheckReport(device_id=device_id, name="roof")


def test_every_router_is_visited_once() -> None:
    seen: list[UUID] = []
    ids = [uuid4() for _ in range(5)]

    def look(device_id: UUID) -> CheckReport:
        seen.append(device_id)
        return _well(device_id)

    visits = _visits(look)
    asked = visits.begin([*ids, ids[0]], by=_PERSON, at=_AT)
    assert visits.wait(asked, limit_seconds=_LIMIT_SECONDS)
    assert sorted(seen) == sorted(ids)
    assert asked.reports.keys() == set(ids)
    assert visits.find(asked.round_id) is asked


def test_so_many_are_visited_at_a_time_and_no_more() -> None:
    go_on, lock = Event(), Lock()
    now = most = 0

    def look(device_id: UUID) -> CheckReport:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        assert go_on.wait(_LIMIT_SECONDS)
        with lock:
            now -= 1
        return _well(device_id)

    visits = _visits(look)
    rounds = [
        visits.begin([uuid4(), uuid4(), uuid4()], by=_PERSON, at=_AT) for _ in range(2)
    ]
    assert not visits.wait(rounds[0], limit_seconds=0.05)
    go_on.set()
    assert all(visits.wait(each, limit_seconds=_LIMIT_SECONDS) for each in rounds)
    assert most == 2


def test_more_than_can_wait_are_refused_and_none_is_visited() -> None:
    visits = _visits(_well)
    with pytest.raises(TooManyVisitsError, match="at most 10 devices"):
        visits.begin([uuid4() for _ in range(11)], by=_PERSON, at=_AT)
    asked = visits.begin([uuid4() for _ in range(10)], by=_PERSON, at=_AT)
    assert visits.wait(asked, limit_seconds=_LIMIT_SECONDS)


def test_one_that_goes_wrong_does_not_stop_the_others() -> None:
    wrong = uuid4()

    def look(device_id: UUID) -> CheckReport:
        if device_id == wrong:
            msg = "boom"
            raise RuntimeError(msg)
        return _well(device_id)

    visits = _visits(look, at_once_max=1)
    asked = visits.begin([wrong, uuid4()], by=_PERSON, at=_AT)
    assert visits.wait(asked, limit_seconds=_LIMIT_SECONDS)
    assert asked.reports[wrong].trouble == "boom"
    assert sum(report.is_well for report in asked.reports.values()) == 1


def test_only_the_latest_are_remembered() -> None:
    visits = _visits(_well, remembered=1)
    first, second = (visits.begin([uuid4()], by=_PERSON, at=_AT) for _ in range(2))
    assert visits.find(first.round_id) is None
    assert visits.find(second.round_id) is second
