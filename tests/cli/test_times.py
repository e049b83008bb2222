"""Times on the terminal are those of the log's own lines: UTC, wherever one sits."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from web.cli import output

AT = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    assert os.environ.get("TZ") != "Pacific/Auckland"
    time.tzset()


@pytest.mark.parametrize("at", [AT, AT.isoformat(), AT.astimezone()])
def test_a_time_is_told_in_utc(at: datetime | str) -> None:
    assert output.moment(at) == "2026-11-23 23:30:00Z"
