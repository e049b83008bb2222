"""What is said of single events."""

import pytest

from application.procedure.story import line_of
from domain.operation.events import RetryScheduled
from tests.web.examples import NOON


@pytest.mark.parametrize("cause", ["connection refused", "connection refused."])
def test_a_retry_is_announced_in_whole_sentences(cause: str) -> None:
    line = line_of(RetryScheduled(cause=cause, not_before=NOON))
    assert line == (
        "Failed for now: connection refused. It will be retried at 12:00:00 UTC"
    )
