"""Start, cancel, retry, resume and write off: done, refused, raced."""

import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.commands.operations import (
    cancel_operation,
    release_device,
    resume_operation,
    retry_operation,
    start_upgrade,
)
from application.flashlog import Flashlog
from application.settings import environment_of
from domain.device.device import Device
from domain.errors import (
    AlreadyEndedError,
    CancelTooLateError,
    InvalidError,
    NotFoundError,
    RefusedError,
)
from domain.operation.operation import UpgradeOperation
from domain.operation.words import SettledBy, Status
from tests.application.houses import (
    a_device,
    an_image,
    claimed,
    opened,
    operation_of,
)
from tests.domain import examples

ROOT = Path(__file__).parents[2]
Step = Callable[[UpgradeOperation], None]


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog


@pytest.fixture
def device_id(flashlog: Flashlog) -> UUID:
    return a_device(flashlog)


@pytest.fixture
def image_id(flashlog: Flashlog) -> UUID:
    return an_image(flashlog)


@pytest.fixture
def operation_id(flashlog: Flashlog, device_id: UUID, image_id: UUID) -> UUID:
    return start_upgrade(flashlog, device_id=device_id, image_id=image_id)


def tell(flashlog: Flashlog, operation_id: UUID, *steps: Step) -> None:
    """Let a runner's facts come into the log."""
    operation = operation_of(flashlog, operation_id)
    for step in steps:
        step(operation)
    flashlog.show(flashlog.log.append(operation))


def come_to_the_upload(operation: UpgradeOperation) -> None:
    operation.begin_visit("runner-1")
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.switch_armed(), examples.upload_begun())


def come_to_the_flash(operation: UpgradeOperation) -> None:
    come_to_the_upload(operation)
    operation.note(examples.uploaded(), examples.image_accepted())


# --- start ---------------------------------------------------------------------------


def test_a_started_upgrade_is_in_progress_due_and_has_the_device(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    operation_id = start_upgrade(
        flashlog,
        device_id=device_id,
        image_id=image_id,
        options={"n": True},
        by=examples.PERSON,
    )

    row = flashlog.views.one("operation", str(operation_id))
    assert row
    assert row["status"] == "in-progress"
    assert row["options"] == '{"n":true}'
    device = flashlog.log.get(Device, device_id)
    assert device.operation_id == operation_id
    assert (device.image_id, device.installed) == (image_id, False)
    now = flashlog.clock.now().timestamp()
    assert claimed(flashlog.due, now=now) == [operation_id]


def test_a_second_upgrade_of_a_busy_device_is_recorded_and_aborted(
    flashlog: Flashlog, device_id: UUID, image_id: UUID, operation_id: UUID
) -> None:
    second_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    story = [type(entry.event).__name__ for entry in flashlog.log.story(second_id)]
    assert story == ["Started", "Aborted"]
    aborted = flashlog.log.story(second_id)[-1].event
    assert getattr(aborted, "reason", "") == (
        f"another operation of the device is in progress: {operation_id}"
    )
    assert operation_of(flashlog, operation_id).status is Status.IN_PROGRESS
    assert flashlog.log.get(Device, device_id).operation_id == operation_id


def test_a_device_that_is_owed_something_is_busy(
    flashlog: Flashlog, device_id: UUID, image_id: UUID, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_upload)
    cancel_operation(flashlog, operation_id=operation_id)

    second_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    assert operation_of(flashlog, second_id).status is Status.ABORTED
    aborted = flashlog.log.story(second_id)[-1].event
    assert getattr(aborted, "reason", "") == (
        f"operation {operation_id} ended cancelled but still owes the router its "
        "file, switch: it is given back as soon as the router answers"
    )


def test_a_device_is_free_when_its_operation_is_settled(
    flashlog: Flashlog, device_id: UUID, image_id: UUID, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_upload)
    cancel_operation(flashlog, operation_id=operation_id)
    tell(flashlog, operation_id, lambda o: o.settle_by(SettledBy.FLASHLOG))

    second_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    assert operation_of(flashlog, second_id).status is Status.IN_PROGRESS


def test_of_two_starts_that_saw_a_free_device_one_runs(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    between = Interruption(flashlog)
    between.happens(
        lambda: start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    )

    second_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    rows = flashlog.views.all("operation")
    assert [row["status"] for row in rows] == ["aborted", "in-progress"]
    assert rows[0]["id"] == str(second_id)


def test_of_many_starts_at_the_same_moment_exactly_one_runs(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    together = threading.Barrier(6)

    def start(_: int) -> UUID:
        with opened(flashlog.settings.data_dir) as own:
            together.wait(60)
            return start_upgrade(own, device_id=device_id, image_id=image_id)

    with ThreadPoolExecutor(6) as pool:
        started = list(pool.map(start, range(6)))

    statuses = Counter(operation_of(flashlog, each).status for each in started)
    assert statuses == {Status.IN_PROGRESS: 1, Status.ABORTED: 5}
    running = flashlog.log.get(Device, device_id).operation_id
    assert running
    assert operation_of(flashlog, running).status is Status.IN_PROGRESS


def test_of_starts_in_several_processes_exactly_one_runs(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    words = [device_id, image_id]
    starters = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.application.starter", *map(str, words)],
            cwd=ROOT,
            env=os.environ | environment_of(flashlog.settings),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    try:
        for starter in starters:
            assert starter.stdout
            assert starter.stdout.readline() == "ready\n"
        for starter in starters:
            assert starter.stdin
            starter.stdin.write("go\n")
            starter.stdin.flush()
        told = sorted(starter.communicate(timeout=60)[0] for starter in starters)
    finally:
        for starter in starters:
            starter.kill()
            starter.wait()

    assert told == ["aborted\n", "aborted\n", "in-progress\n"]


@pytest.mark.parametrize("is_busy", [False, True])
def test_a_deactivated_device_is_refused_and_nothing_is_recorded(
    flashlog: Flashlog, device_id: UUID, image_id: UUID, *, is_busy: bool
) -> None:
    if is_busy:
        start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    device = flashlog.log.get(Device, device_id)
    device.deactivate()
    end = flashlog.log.append(device)

    with pytest.raises(RefusedError) as refusal:
        start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    assert str(refusal.value) == (
        "Firmware upgrades are not allowed for deactivated devices."
    )
    assert flashlog.log.end() == end


def test_a_device_without_a_connection_is_told_so(
    flashlog: Flashlog, image_id: UUID
) -> None:
    device_id = a_device(flashlog, credentials_ids=())
    end = flashlog.log.end()

    with pytest.raises(InvalidError) as refusal:
        start_upgrade(flashlog, device_id=device_id, image_id=image_id)

    assert refusal.value.fields == {
        "__all__": [
            "The device roof-17 has no enabled connection: add credentials to it first."
        ]
    }
    assert flashlog.log.end() == end


def test_options_that_contradict_each_other_start_nothing(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    end = flashlog.log.end()

    with pytest.raises(InvalidError) as refusal:
        start_upgrade(
            flashlog,
            device_id=device_id,
            image_id=image_id,
            options={"n": True, "o": True},
        )

    assert set(refusal.value.fields) == {"upgrade_options"}
    assert flashlog.log.end() == end


def test_an_unknown_device_or_image_is_told(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    with pytest.raises(NotFoundError, match="there is no Device"):
        start_upgrade(flashlog, device_id=uuid4(), image_id=image_id)
    with pytest.raises(NotFoundError, match="there is no FirmwareImage"):
        start_upgrade(flashlog, device_id=device_id, image_id=uuid4())
    with pytest.raises(NotFoundError, match="there is no Device"):
        start_upgrade(flashlog, device_id=image_id, image_id=image_id)


# --- cancel --------------------------------------------------------------------------


class Interruption:
    """Lets something happen between the next decision and its append."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._log = flashlog.log
        self._append = flashlog.log.append

    def happens(self, act: Callable[[], object]) -> None:
        def append(*aggregates: object, **fences: Any) -> int:
            vars(self._log).pop("append")
            act()
            return self._append(*aggregates, **fences)  # type: ignore[arg-type]

        vars(self._log)["append"] = append


def test_a_cancel_before_the_flash_is_recorded_with_who_did_it(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    cancel_operation(flashlog, operation_id=operation_id, by=examples.PERSON)

    event = flashlog.log.story(operation_id)[-1].event
    assert type(event).__name__ == "Cancelled"
    assert getattr(event, "by", None) == examples.PERSON
    row = flashlog.views.one("operation", str(operation_id))
    assert row
    assert (row["status"], row["cancellable"]) == ("cancelled", 0)
    assert flashlog.views.rows("SELECT * FROM due") == []


def test_a_cancel_behind_the_flash_is_refused_with_the_reason(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_flash, examples.begin_flash)
    end = flashlog.log.end()

    with pytest.raises(CancelTooLateError):
        cancel_operation(flashlog, operation_id=operation_id)

    assert flashlog.log.end() == end


def test_a_cancel_of_what_has_ended_is_refused_with_its_status(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    cancel_operation(flashlog, operation_id=operation_id)

    with pytest.raises(AlreadyEndedError, match="status: cancelled"):
        cancel_operation(flashlog, operation_id=operation_id)


def test_an_unknown_operation_cannot_be_cancelled(flashlog: Flashlog) -> None:
    with pytest.raises(NotFoundError):
        cancel_operation(flashlog, operation_id=uuid4())


def test_a_flash_that_begins_between_decision_and_append_of_a_cancel_wins(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_flash)
    Interruption(flashlog).happens(
        lambda: tell(flashlog, operation_id, examples.begin_flash)
    )

    with pytest.raises(CancelTooLateError):
        cancel_operation(flashlog, operation_id=operation_id)

    assert operation_of(flashlog, operation_id).status is Status.IN_PROGRESS


def test_a_cancel_between_decision_and_append_of_a_flash_wins(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_flash)
    Interruption(flashlog).happens(
        lambda: cancel_operation(flashlog, operation_id=operation_id)
    )

    with pytest.raises(IntegrityError):
        tell(flashlog, operation_id, examples.begin_flash)

    operation = operation_of(flashlog, operation_id)
    assert operation.status is Status.CANCELLED
    with pytest.raises(AlreadyEndedError):
        examples.begin_flash(operation)


def test_a_fact_between_decision_and_append_of_a_cancel_does_not_lose_the_cancel(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_upload)
    Interruption(flashlog).happens(
        lambda: tell(
            flashlog, operation_id, lambda o: o.note(examples.upload_advanced())
        )
    )

    cancel_operation(flashlog, operation_id=operation_id)

    assert operation_of(flashlog, operation_id).status is Status.CANCELLED


def flash_unless_ended(flashlog: Flashlog, operation_id: UUID) -> str:
    """Do as a runner does: try again after a lost race, stop when it has ended."""
    while True:
        operation = operation_of(flashlog, operation_id)
        try:
            examples.begin_flash(operation)
            flashlog.log.append(operation)
        except IntegrityError:
            continue
        except AlreadyEndedError:
            return "stopped"
        return "flashed"


def cancel(flashlog: Flashlog, operation_id: UUID) -> str:
    try:
        cancel_operation(flashlog, operation_id=operation_id)
    except CancelTooLateError as refusal:
        return str(refusal)
    return "cancelled"


def test_cancel_and_flash_at_the_same_moment_are_one_decision(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    too_late = "it is too late to cancel: firmware reflashing has already started"
    outcomes: Counter[tuple[str, str]] = Counter()
    with (
        opened(flashlog.settings.data_dir) as runner,
        ThreadPoolExecutor(2) as pool,
    ):
        for number in range(80):
            operation = UpgradeOperation.start(
                UUID(int=number), examples.started(device_id=device_id)
            )
            come_to_the_flash(operation)
            flashlog.log.append(operation)
            races = [(flash_unless_ended, runner), (cancel, flashlog)]
            if number % 2:
                races.reverse()
            running = {
                act: pool.submit(act, house, operation.id) for act, house in races
            }
            flashed = running[flash_unless_ended].result(30)
            cancelled = running[cancel].result(30)
            outcomes[flashed, cancelled] += 1
            kinds = [type(e.event).__name__ for e in flashlog.log.story(operation.id)]
            assert ("FlashBegun" in kinds) == (flashed == "flashed")
            assert ("Cancelled" in kinds) == (cancelled == "cancelled")

    assert set(outcomes) <= {("flashed", too_late), ("stopped", "cancelled")}


# --- retry ---------------------------------------------------------------------------


def test_a_retry_is_a_new_operation_that_names_the_old_one(
    flashlog: Flashlog, device_id: UUID, image_id: UUID
) -> None:
    first_id = start_upgrade(
        flashlog, device_id=device_id, image_id=image_id, options={"n": True}
    )
    cancel_operation(flashlog, operation_id=first_id)

    second_id = retry_operation(flashlog, operation_id=first_id, by=examples.PERSON)

    second = operation_of(flashlog, second_id)
    assert second.retry_of == first_id
    assert second.status is Status.IN_PROGRESS
    assert second.options == {"n": True}
    assert (second.device_id, second.image_id) == (device_id, image_id)
    assert operation_of(flashlog, first_id).status is Status.CANCELLED


def test_what_is_in_progress_cannot_be_retried(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    with pytest.raises(RefusedError) as refusal:
        retry_operation(flashlog, operation_id=operation_id)

    assert str(refusal.value) == (
        "the operation is still in-progress: there is nothing to retry"
    )


# --- resume --------------------------------------------------------------------------


def test_a_held_operation_goes_on_when_a_person_says_so(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, lambda o: o.hold("the log was restored"))
    assert flashlog.views.rows("SELECT * FROM due") == []

    resume_operation(flashlog, operation_id=operation_id, by=examples.PERSON)

    assert len(flashlog.views.rows("SELECT * FROM due")) == 1
    operation_of(flashlog, operation_id).begin_visit("runner-1")


def test_what_is_not_held_cannot_be_resumed(
    flashlog: Flashlog, operation_id: UUID
) -> None:
    with pytest.raises(RefusedError, match="the operation is not held"):
        resume_operation(flashlog, operation_id=operation_id)


# --- write off -----------------------------------------------------------------------


def test_a_person_writes_off_what_a_lost_router_is_owed(
    flashlog: Flashlog, device_id: UUID, image_id: UUID, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_upload)
    cancel_operation(flashlog, operation_id=operation_id)

    given_up = release_device(
        flashlog, device_id=device_id, reason="struck by lightning", by=examples.PERSON
    )

    assert given_up == ("file", "switch")
    event = flashlog.log.story(operation_id)[-1].event
    assert getattr(event, "reason", "") == "struck by lightning"
    assert getattr(event, "by", None) == examples.PERSON
    assert flashlog.views.rows("SELECT * FROM due") == []
    again = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    assert operation_of(flashlog, again).status is Status.IN_PROGRESS


def test_a_free_device_has_nothing_to_write_off(
    flashlog: Flashlog, device_id: UUID
) -> None:
    with pytest.raises(RefusedError) as refusal:
        release_device(flashlog, device_id=device_id, reason="?")

    assert str(refusal.value) == "nothing is owed to roof-17, it is free"


def test_a_running_operation_is_cancelled_before_anything_is_written_off(
    flashlog: Flashlog, device_id: UUID, operation_id: UUID
) -> None:
    tell(flashlog, operation_id, come_to_the_upload)

    with pytest.raises(RefusedError, match="cancel it first"):
        release_device(flashlog, device_id=device_id, reason="?")


def test_a_running_operation_that_owes_nothing_is_not_written_off_either(
    flashlog: Flashlog, device_id: UUID, operation_id: UUID
) -> None:
    with pytest.raises(RefusedError, match="cancel it first"):
        release_device(flashlog, device_id=device_id, reason="?")
