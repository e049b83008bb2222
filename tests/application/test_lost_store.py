"""What works beside others says in one line that the store is gone, and goes on."""

import logging
from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from application.batches.keeper import _keep
from application.errors import StorageError
from application.forgetting import _forget
from application.projecting import _stand_in


@pytest.mark.parametrize("work", [_keep, _forget, _stand_in])
def test_a_store_that_is_gone_is_told_in_one_line(
    work: Callable[[Any, Event], None], caplog: pytest.LogCaptureFixture
) -> None:
    done = Event()

    class Flashlog:
        def alone(self, role: str) -> None:
            done.set()
            raise StorageError("cannot reach postgresql:///flashlog")

    work(Flashlog(), done)
    (said,) = caplog.records
    assert said.levelno == logging.WARNING
    assert "cannot reach postgresql:///flashlog" in said.message
    assert not said.exc_info
