"""An operation whose device is not there ends with a sentence."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from application.flashlog import Flashlog
from application.procedure.advance import advance
from application.settings import Settings
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Status
from tests.web import examples

REASON = "the device is not in the inventory: there is no router to visit"


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path))
    yield made
    made.close()


@pytest.mark.parametrize("has_begun_flash", [False, True])
def test_it_ends_where_it_is_and_is_never_visited_again(
    flashlog: Flashlog, caplog: pytest.LogCaptureFixture, *, has_begun_flash: bool
) -> None:
    # As a log may have it that was put together from others.
    started = events.Started(device_id=uuid4(), image_id=uuid4(), at=examples.NOON)
    operation = UpgradeOperation.start(uuid4(), started)
    operation_id = operation.id
    operation.record(
        *examples.connected(), events.UploadBegun(path="/tmp/x", size_bytes=1)
    )
    if has_begun_flash:
        operation.record(examples.flashing())
    flashlog.log.append(operation)
    assert advance(flashlog, operation_id, runner="test") is None

    ended = flashlog.log.get(UpgradeOperation, operation_id)
    assert ended.status is (Status.FAILED if has_begun_flash else Status.ABORTED)
    assert ended.is_settled
    assert ended.next_visit_at is None
    story = [entry.event for entry in flashlog.log.story(operation_id)]
    assert {getattr(each, "reason", REASON) for each in story[-2:]} == {REASON}
    assert advance(flashlog, operation_id, runner="test") is None
    assert not [each for each in caplog.records if each.exc_info]
