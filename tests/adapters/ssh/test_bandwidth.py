"""A limit of bytes per second is used up, however many share it."""

import threading

import pytest

from application.adapters.ssh import bandwidth
from application.adapters.ssh.bandwidth import Bandwidth


class Stopped(threading.Event):
    """Never set; keeps for how long it was asked to be waited for."""

    def __init__(self) -> None:
        super().__init__()
        self.waited_seconds: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        assert timeout is not None
        self.waited_seconds.append(timeout)
        return False


def test_each_piece_waits_for_those_before_it_and_no_longer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr(f"{bandwidth.__name__}.time.monotonic", lambda: now)
    limit, stopped = Bandwidth(1000), Stopped()
    assert all(limit.take(count, stopped) for count in (500, 250, 1000))
    assert stopped.waited_seconds == [0.0, 0.5, 0.75]
    now += 10  # nobody asked: that is not saved up
    assert all(limit.take(count, stopped) for count in (500, 1))
    assert stopped.waited_seconds[3:] == [0.0, 0.5]


def test_no_limit_waits_for_nobody() -> None:
    stopped = Stopped()
    assert Bandwidth(None).take(10**9, stopped)
    assert stopped.waited_seconds == []
