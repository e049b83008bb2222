"""What a runner leaves when it is told to stop."""

from pathlib import Path
from threading import Event

import pytest

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
