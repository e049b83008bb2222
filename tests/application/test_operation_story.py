"""One operation as its events tell it, at any of them."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.queries.operation_story.evidence import evidence
from application.queries.operation_story.owed import obligations
from application.queries.operation_story.retelling import Retold, lines, retell
from application.queries.operation_story.steps import State, steps
from application.queries.operation_story.upload import upload_of
from application.settings import Settings
from domain.device.words import Learned
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy
from tests.domain import examples


class _Clock:
    """A clock that goes on by a second at each look."""

    def __init__(self) -> None:
        self.moment = examples.AT

    def now(self) -> datetime:
        self.moment += timedelta(seconds=1)
        return self.moment

    def start_from(self, moment: datetime | None) -> None:
        """Begin where the log ends; here it begins anew."""


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path), clock=_Clock())
    yield made
    made.close()


def _told(flashlog: Flashlog, operation: UpgradeOperation) -> Retold:
    flashlog.log.append(operation)
    return retell(flashlog, operation.id)


def _states(retold: Retold) -> dict[str, State]:
    return {step.phase: step.state for step in steps(retold)}


def test_every_prefix_of_a_story_can_be_told(flashlog: Flashlog) -> None:
    operation = examples.verified()
    operation.settle_by(SettledBy.REBOOT)
    operation.succeed()
    whole = _told(flashlog, operation)
    progresses = []
    for number in range(1, whole.count + 1):
        retold = retell(flashlog, operation.id, until=number)
        assert retold.number == number
        assert retold.is_past == (number < whole.count)
        progresses.append(retold.operation.progress)
        assert len(steps(retold)) == 9
        lines(flashlog, retold)
        obligations(retold)
        evidence(flashlog, retold)
        upload_of(retold)
    assert progresses == sorted(progresses)
    assert progresses[-1] == 100


@pytest.mark.parametrize("number", [0, -1, 3])
def test_there_is_no_event_beyond_the_story(flashlog: Flashlog, number: int) -> None:
    retold = _told(flashlog, examples.aborted())
    assert retold.count == 2
    with pytest.raises(NotFoundError):
        retell(flashlog, retold.operation.id, until=number)


def test_there_is_no_story_of_what_is_no_operation(flashlog: Flashlog) -> None:
    with pytest.raises(NotFoundError):
        retell(flashlog, uuid4())


def test_steps_of_an_upload_that_is_under_way(flashlog: Flashlog) -> None:
    states = _states(_told(flashlog, examples.uploading()))
    assert states["queued"] is State.DONE
    assert states["checking"] is State.DONE
    assert states["uploading"] is State.CURRENT
    assert states["flashing"] is State.COMING


def test_steps_that_were_not_reached_are_skipped(flashlog: Flashlog) -> None:
    operation = examples.checked()
    operation.abort("The image is not for this board")
    states = _states(_told(flashlog, operation))
    assert states["checking"] is State.STOPPED
    assert states["flashing"] is State.SKIPPED


def test_a_new_attempt_begins_its_steps_anew(flashlog: Flashlog) -> None:
    operation = examples.waiting_to_retry()
    assert _states(_told(flashlog, operation))["testing"] is State.STOPPED
    operation.begin_visit("runner-2")
    states = _states(_told(flashlog, operation))
    assert states["connecting"] is State.CURRENT
    assert states["testing"] is State.COMING


def test_an_attempt_that_is_begun_again_at_once_has_its_step(
    flashlog: Flashlog,
) -> None:
    operation = examples.visiting()
    operation.begin_visit("runner-2")
    assert _states(_told(flashlog, operation))["connecting"] is State.CURRENT


def test_steps_tell_how_long_they_took(flashlog: Flashlog) -> None:
    operation = examples.queued()
    flashlog.log.append(operation)
    operation.begin_visit("runner-1")
    flashlog.log.append(operation)
    operation.note(examples.connected())
    found = {step.phase: step for step in steps(_told(flashlog, operation))}
    assert found["queued"].seconds is not None
    assert found["queued"].seconds > 0
    assert found["checking"].seconds is None


def test_the_rate_is_that_of_the_latest_moments(flashlog: Flashlog) -> None:
    operation = examples.uploading()
    retold = _told(flashlog, operation)
    begun = upload_of(retold)
    assert begun is not None
    assert (begun.sent_bytes, begun.bytes_per_second) == (0, None)
    assert begun.remaining_seconds is None
    operation.note(examples.upload_advanced(1_000_000))
    first = retold.last.recorded_at
    retold = _told(flashlog, operation)
    seconds = (retold.last.recorded_at - first).total_seconds()
    now = upload_of(retold)
    assert now is not None
    assert now.bytes_per_second == pytest.approx(1_000_000 / seconds)
    assert now.remaining_seconds == pytest.approx(
        (examples.IMAGE_BYTES - 1_000_000) * seconds / 1_000_000
    )


def test_an_upload_that_is_done_is_whole(flashlog: Flashlog) -> None:
    upload = upload_of(_told(flashlog, examples.ready_to_flash()))
    assert upload is not None
    assert upload.sent_bytes == upload.size_bytes
    assert upload.remaining_seconds in {0, None}


def test_what_is_owed_is_told_until_it_is_given_back(flashlog: Flashlog) -> None:
    operation = examples.cancelled_owing()
    owed = obligations(_told(flashlog, operation))
    assert {each.obligation for each in owed} == {"switch", "services", "wifi", "file"}
    assert all(each.is_open for each in owed)
    operation.settle_by(SettledBy.SWITCH)
    owed = obligations(_told(flashlog, operation))
    assert {each.by for each in owed} == {"switch"}
    assert not any(each.is_open or each.given_up for each in owed)


def test_what_is_given_up_says_why(flashlog: Flashlog) -> None:
    operation = examples.cancelled_owing()
    operation.give_up_obligations(reason="nobody answers")
    owed = obligations(_told(flashlog, operation))
    assert {each.given_up for each in owed} == {"nobody answers"}


def test_evidence_stands_before_and_after(flashlog: Flashlog) -> None:
    found = evidence(flashlog, _told(flashlog, examples.verified()))
    assert found.before is not None
    assert found.after is not None
    assert found.before.boot_id != found.after.boot_id
    assert found.proved_by
    assert found.command == examples.COMMAND


def test_what_ran_before_is_what_a_visit_found_where_the_upgrade_identified_nobody(
    flashlog: Flashlog,
) -> None:
    device = examples.device()
    device.learn(Learned(board="b", model="m", release="22.03", revision="r1"))
    device.learn(Learned(board="b", model="m", release="23.05", revision="r2"))
    flashlog.log.append(device)
    started = examples.started(device_id=device.id)
    told = _told(flashlog, UpgradeOperation.start(uuid4(), started))
    device.learn(Learned(board="b", model="m", release="24.10", revision="r3"))
    flashlog.log.append(device)
    found = evidence(flashlog, told)
    assert found.before is not None
    assert (found.before.release, found.before.revision) == ("23.05", "r2")
    assert found.before_at is not None
    assert found.before_at <= told.entries[0].recorded_at


def test_of_lines_that_only_say_how_far_the_last_is_enough(flashlog: Flashlog) -> None:
    operation = examples.uploading()
    for sent_bytes in (1_000_000, 2_000_000, 3_000_000):
        operation.note(examples.upload_advanced(sent_bytes))
    told = [line.text for line in lines(flashlog, _told(flashlog, operation))]
    assert [text for text in told if text.startswith("Uploaded")] == [
        "Uploaded 2.9 MiB of 7.0 MiB"
    ]


def test_why_it_ended_and_what_it_waits_for_are_told(flashlog: Flashlog) -> None:
    waiting = _told(flashlog, examples.waiting_to_retry())
    assert (waiting.reason, waiting.waits_for) == ("", "link lost")
    ended = retell(flashlog, examples.OPERATION_ID, until=1)
    assert ended.ending is None
