"""What a runner holds, and what it leaves when it is told to stop."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from application import runner as runners
from application.errors import StorageError
from application.runner import Runner
from tests.application.houses import opened


def test_a_runner_stops_in_order_though_the_store_cannot_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: str) -> None:
        msg = "it is away"
        raise StorageError(msg)

    stop = Event()
    stop.set()
    with opened(tmp_path) as flashlog:
        monkeypatch.setattr(flashlog.due, "release_all", refuse)
        Runner(flashlog).run(stop)
    assert "cannot hand over, leases run out by themselves: it is away" in caplog.text


def test_a_visit_that_ends_keeps_the_lease_of_the_next_one_alive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operation_id = UUID(int=1)
    visits: list[UUID] = []

    class Pool(ThreadPoolExecutor):
        def submit(self, _: Any, *visited: UUID) -> Any:  # type: ignore[override]
            visits.extend(visited)

    with opened(tmp_path) as flashlog:
        runner = Runner(flashlog)

        def released_and_claimed_again(*_: Any, **__: Any) -> None:
            runner._go_to(Pool(), [operation_id], waits=False)

        monkeypatch.setattr(runners, "advance", lambda *_, **__: None)
        monkeypatch.setattr(runner, "_hand_over", released_and_claimed_again)
        runner._go_to(Pool(), [operation_id], waits=False)
        runner._visit(operation_id)
        assert visits == [operation_id] * 2
        assert list(runner._visiting) == [operation_id]


def test_leases_are_kept_alive_after_a_beat_that_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    extended: list[Any] = []
    beats = iter([False, False, True])
    done: Any = Event()
    with opened(tmp_path) as flashlog:
        runner = Runner(flashlog)

        def fail_once() -> None:
            monkeypatch.setattr(runner, "_follow_the_log", lambda: None)
            msg = "nobody has thought of this"
            raise RuntimeError(msg)

        monkeypatch.setattr(done, "wait", lambda _: next(beats))
        monkeypatch.setattr(runner, "_follow_the_log", fail_once)
        monkeypatch.setattr(flashlog.due, "extend", lambda *_, **__: extended.append(1))
        runner._beat(done)
    assert extended == [1]
    assert "nobody has thought of this" in caplog.text
