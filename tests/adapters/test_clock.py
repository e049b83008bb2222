from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from application.adapters import clock as module
from application.adapters.clock import SystemClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Machine:
    """A machine whose wall clock can be stepped while its seconds go on."""

    def __init__(self) -> None:
        self.wall = NOON
        self.seconds = 1000.0

    def pass_minutes(self, minutes: float, *, stepped: float = 0) -> None:
        self.seconds += 60 * minutes
        self.wall += timedelta(minutes=minutes + stepped)

    def now(self, tz: object) -> datetime:
        return self.wall

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    machine = Machine()
    monkeypatch.setattr(module, "datetime", machine)
    monkeypatch.setattr(module, "time", machine)
    return machine


def minutes(clock: SystemClock) -> float:
    return (clock.now() - NOON) / timedelta(minutes=1)


def test_the_clock_tells_the_time_in_utc() -> None:
    clock = SystemClock()
    before = datetime.now(UTC)
    told = clock.now()
    assert before <= told <= datetime.now(UTC) + timedelta(seconds=1)
    assert told.utcoffset() == timedelta(0)


def test_the_clock_goes_on_by_itself_when_the_system_is_set_back(
    machine: Machine,
) -> None:
    clock = SystemClock()
    machine.pass_minutes(5)
    assert minutes(clock) == 5
    machine.pass_minutes(1, stepped=-60)
    assert minutes(clock) == 6
    machine.pass_minutes(2)
    assert minutes(clock) == 8


def test_the_clock_follows_a_jump_forward(machine: Machine) -> None:
    clock = SystemClock()
    machine.pass_minutes(1, stepped=60)
    assert minutes(clock) == 61


def test_the_clock_starts_from_what_was_recorded(machine: Machine) -> None:
    clock = SystemClock()
    clock.start_from(NOON + timedelta(minutes=30))
    assert minutes(clock) == 30
    clock.start_from(NOON - timedelta(minutes=30))
    machine.pass_minutes(1)
    assert minutes(clock) == 31


def test_the_clock_never_goes_back_for_several_threads() -> None:
    clock = SystemClock()

    def look(_: int) -> list[datetime]:
        return [clock.now() for _ in range(5000)]

    with ThreadPoolExecutor(4) as pool:
        for told in pool.map(look, range(4)):
            assert told == sorted(told)
