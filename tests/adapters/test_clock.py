import threading
from datetime import UTC, datetime, timedelta

import pytest

from application.adapters import clock as module
from application.adapters.clock import SystemClock


def test_the_clock_tells_the_time_in_utc() -> None:
    before = datetime.now(UTC)
    told = SystemClock().now()
    assert before <= told <= datetime.now(UTC)
    assert told.utcoffset() == timedelta(0)


def test_the_clock_stands_still_when_the_system_is_set_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    times = iter(noon + timedelta(minutes=minutes) for minutes in (0, 5, -60, 4, 5, 6))

    class SteppedTime(datetime):
        @classmethod
        def now(cls, tz: object = None) -> "datetime":  # type: ignore[override]
            return next(times)

    monkeypatch.setattr(module, "datetime", SteppedTime)
    clock = SystemClock()
    told = [clock.now() for _ in range(6)]
    assert [(time - noon) // timedelta(minutes=1) for time in told] == [
        0,
        5,
        5,
        5,
        5,
        6,
    ]


def test_the_clock_never_goes_back_for_several_threads() -> None:
    clock = SystemClock()
    told: list[datetime] = []
    lock = threading.Lock()

    def look() -> None:
        for _ in range(500):
            with lock:
                told.append(clock.now())

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == sorted(told)
