"""Every command of an upgrade: done, refused, ignored."""

from collections.abc import Callable

import pytest

from domain.errors import AlreadyEndedError, CancelTooLateError, RefusedError
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.operation.words import Obligation, Phase, SettledBy, Status
from tests.domain import examples

EVERY_OBLIGATION = frozenset(Obligation)
ENDED = [examples.aborted, examples.cancelled_owing]


def refuse(
    operation: UpgradeOperation,
    command: Callable[[], None],
    error: type[RefusedError] = RefusedError,
) -> str:
    """Give a command that must be refused and must change nothing."""
    before = examples.state_of(operation)
    with pytest.raises(error) as refusal:
        command()
    assert examples.state_of(operation) == before
    return str(refusal.value)


def told_by(
    operation: UpgradeOperation, command: Callable[[], None]
) -> list[type[events.OperationEvent]]:
    """Give a command and return the kinds of events that it recorded."""
    operation.collect_events()
    command()
    return [
        type(event)
        for event in operation.collect_events()
        if isinstance(event, events.OperationEvent)
    ]


# --- start ---------------------------------------------------------------------------


def test_an_operation_starts_in_progress_and_is_due_at_once() -> None:
    operation = examples.queued()

    assert operation.status is Status.IN_PROGRESS
    assert operation.phase is Phase.QUEUED
    assert operation.progress == 0
    assert operation.next_visit_at == examples.AT
    assert operation.is_cancellable


def test_a_retry_names_the_operation_that_it_repeats() -> None:
    operation = examples.queued(retry_of=examples.OPERATION_ID)

    assert operation.retry_of == examples.OPERATION_ID


# --- visits --------------------------------------------------------------------------


def test_the_first_visit_opens_the_first_attempt() -> None:
    operation = examples.queued()

    told = told_by(operation, lambda: operation.begin_visit("runner-1"))

    assert told == [events.AttemptBegun, events.VisitBegun]
    assert (operation.attempt, operation.visit) == (1, 1)
    assert operation.runner == "runner-1"
    assert operation.phase is Phase.CONNECTING


def test_a_visit_after_a_crash_begins_a_new_attempt_that_is_no_retry() -> None:
    operation = examples.uploading()

    operation.begin_visit("runner-2")

    assert (operation.attempt, operation.restarts, operation.retries) == (2, 1, 0)
    assert operation.progress == 0
    assert operation.owed == EVERY_OBLIGATION


def test_a_visit_after_a_scheduled_retry_is_no_restart() -> None:
    operation = examples.waiting_to_retry()

    operation.begin_visit("runner-1")

    assert (operation.attempt, operation.restarts, operation.retries) == (2, 0, 1)


def test_the_time_for_retries_begins_with_the_first_attempt() -> None:
    operation = examples.queued()
    assert operation.trying_since is None

    operation.begin_visit("runner-1", at=examples.later(9000))

    assert operation.trying_since == examples.later(9000)


def test_waiting_to_retry_is_time_but_waiting_for_a_turn_is_not() -> None:
    operation = examples.queued()
    operation.begin_visit("runner-1", at=examples.later(100))
    operation.schedule_retry(cause="no answer", not_before=examples.later(160))

    operation.begin_visit("runner-1", at=examples.later(170))
    assert operation.trying_since == examples.later(110)

    operation.postpone(cause="not its turn", not_before=examples.later(200))
    operation.begin_visit("runner-1", at=examples.later(5200))
    assert operation.trying_since == examples.later(5110)


def test_the_time_between_a_crash_and_the_next_attempt_counts() -> None:
    operation = examples.queued()
    operation.begin_visit("runner-1", at=examples.later(100))

    operation.begin_visit("runner-2", at=examples.later(700))

    assert operation.trying_since == examples.later(100)


def test_the_time_for_retries_begins_again_when_a_person_resumes() -> None:
    operation = examples.queued()
    operation.begin_visit("runner-1", at=examples.later(100))
    operation.hold("the log was restored")
    operation.resume(at=examples.later(90_000))

    operation.begin_visit("runner-1", at=examples.later(90_001))

    assert operation.trying_since == examples.later(90_001)


def test_an_attempt_of_an_older_version_tells_no_time() -> None:
    operation = examples.queued()
    operation.record(events.AttemptBegun(attempt=1))

    assert operation.trying_since is None


def test_a_new_attempt_keeps_the_uploaded_file_but_asks_the_router_again() -> None:
    operation = examples.waiting_to_retry()

    operation.begin_visit("runner-1")

    assert operation.uploaded
    assert not operation.image_accepted
    refuse(operation, lambda: examples.begin_flash(operation))


def test_a_new_attempt_does_not_believe_that_the_image_is_still_installed() -> None:
    operation = examples.visiting()
    operation.note(examples.image_compared(installed=True))
    operation.begin_visit("runner-2")

    refuse(operation, operation.succeed)


def test_a_visit_after_the_flash_opens_no_attempt() -> None:
    operation = examples.flashing()

    told = told_by(operation, lambda: operation.begin_visit("runner-2"))

    assert told == [events.VisitBegun]
    assert operation.progress == 65


def test_a_cancelled_operation_is_visited_while_it_owes_something() -> None:
    operation = examples.cancelled_owing()

    told = told_by(operation, lambda: operation.begin_visit("runner-2"))

    assert told == [events.VisitBegun]


def test_a_settled_operation_is_not_visited() -> None:
    operation = examples.aborted()

    message = refuse(operation, lambda: operation.begin_visit("r"), AlreadyEndedError)

    assert message == "the operation has ended (aborted) and owes nothing"


# --- facts on the way to the flash ---------------------------------------------------


def test_milestones_of_progress_are_as_promised() -> None:
    operation = examples.visiting()
    seen = []
    for fact in (
        examples.connected(),
        examples.identity_verified(),
        examples.image_compared(),
        examples.upload_begun(),
        examples.upload_advanced(examples.IMAGE_BYTES // 2),
        examples.uploaded(),
        examples.image_accepted(),
    ):
        operation.note(fact)
        seen.append(operation.progress)
    examples.begin_flash(operation)
    seen.append(operation.progress)
    operation.observe(examples.reconnected())
    seen.append(operation.progress)
    operation.observe(examples.outcome_verified())
    operation.succeed()

    assert seen == [10, 15, 20, 20, 40, 60, 60, 65, 90]
    assert operation.progress == 100


def test_bytes_that_were_sent_twice_never_show_as_more_than_the_upload() -> None:
    operation = examples.uploading()

    operation.note(examples.upload_advanced(3 * examples.IMAGE_BYTES))

    assert operation.progress == 60


def test_progress_does_not_go_back_when_a_part_is_sent_again() -> None:
    operation = examples.uploading()
    operation.note(examples.upload_advanced(examples.IMAGE_BYTES // 2))

    operation.note(examples.upload_advanced(examples.IMAGE_BYTES // 4))

    assert operation.progress == 40


def test_an_upload_that_begins_again_is_not_uploaded_any_more() -> None:
    operation = examples.waiting_to_retry()
    operation.begin_visit("runner-1")

    operation.note(examples.upload_begun(), examples.image_accepted())

    refuse(operation, lambda: examples.begin_flash(operation))


def test_taking_something_from_the_router_is_owed_from_the_record_on() -> None:
    operation = examples.uploading()

    assert operation.owed == EVERY_OBLIGATION
    assert operation.stopped_services == examples.SERVICES


@pytest.mark.parametrize("ended", ENDED)
def test_no_fact_is_noted_after_the_end(
    ended: Callable[[], UpgradeOperation],
) -> None:
    operation = ended()

    refuse(operation, lambda: operation.note(examples.connected()), AlreadyEndedError)


def test_facts_on_the_way_to_the_flash_are_refused_behind_it() -> None:
    operation = examples.flashing()

    message = refuse(operation, lambda: operation.note(examples.upload_begun()))

    assert message == "the flash has begun"


# --- retries -------------------------------------------------------------------------


def test_a_scheduled_retry_says_when_and_counts() -> None:
    operation = examples.waiting_to_retry()

    assert operation.phase is Phase.WAITING_TO_RETRY
    assert operation.status is Status.IN_PROGRESS
    assert operation.next_visit_at == examples.later(60)
    assert operation.retries == 1


def test_nothing_is_retried_behind_the_flash() -> None:
    operation = examples.flashing()

    refuse(
        operation,
        lambda: operation.schedule_retry(cause="?", not_before=examples.AT),
    )


# --- the point of no return ----------------------------------------------------------


def test_the_flash_begins_once_all_is_verified() -> None:
    operation = examples.ready_to_flash()

    told = told_by(operation, lambda: examples.begin_flash(operation))

    assert told == [events.FlashBegun]
    assert operation.phase is Phase.FLASHING
    assert operation.next_visit_at == examples.later(3)
    assert not operation.is_cancellable


@pytest.mark.parametrize(
    "too_early", [examples.queued, examples.visiting, examples.uploading]
)
def test_the_flash_needs_identity_upload_and_image_test(
    too_early: Callable[[], UpgradeOperation],
) -> None:
    operation = too_early()

    message = refuse(operation, lambda: examples.begin_flash(operation))

    assert message == "the flash needs a verified identity, upload and image test"


def test_nothing_is_flashed_while_waiting_to_retry() -> None:
    operation = examples.waiting_to_retry()

    refuse(operation, lambda: examples.begin_flash(operation))


def test_nothing_is_flashed_twice() -> None:
    operation = examples.flashing()

    refuse(operation, lambda: examples.begin_flash(operation))


def test_nothing_is_flashed_after_a_cancel() -> None:
    operation = examples.ready_to_flash()
    operation.cancel(at=examples.AT)

    refuse(operation, lambda: examples.begin_flash(operation), AlreadyEndedError)


def test_nothing_is_flashed_after_the_file_was_removed() -> None:
    operation = examples.ready_to_flash()
    operation.settle_by(SettledBy.SWITCH)

    refuse(operation, lambda: examples.begin_flash(operation))


# --- cancel --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "moment",
    [
        examples.queued,
        examples.visiting,
        examples.checked,
        examples.uploading,
        examples.ready_to_flash,
        examples.waiting_to_retry,
        examples.held,
    ],
)
def test_a_person_may_cancel_until_the_flash_begins(
    moment: Callable[[], UpgradeOperation],
) -> None:
    operation = moment()

    told = told_by(
        operation, lambda: operation.cancel(at=examples.AT, by=examples.PERSON)
    )

    assert told == [events.Cancelled]
    assert operation.status is Status.CANCELLED


def test_a_cancelled_operation_that_owes_something_is_due_at_once() -> None:
    operation = examples.cancelled_owing()

    assert not operation.is_settled
    assert operation.next_visit_at == examples.AT


def test_a_cancelled_operation_that_owes_nothing_is_never_due() -> None:
    operation = examples.checked()

    operation.cancel(at=examples.AT)

    assert operation.is_settled
    assert operation.next_visit_at is None


def test_a_held_operation_that_is_cancelled_gives_back_what_it_owes() -> None:
    operation = examples.held()

    operation.cancel(at=examples.AT)

    operation.begin_visit("runner-1")
    assert operation.next_visit_at == examples.AT


def test_a_cancel_behind_the_flash_is_too_late_and_says_so() -> None:
    operation = examples.flashing()

    message = refuse(
        operation, lambda: operation.cancel(at=examples.AT), CancelTooLateError
    )

    assert (
        message == "it is too late to cancel: firmware reflashing has already started"
    )


@pytest.mark.parametrize("ended", ENDED)
def test_what_has_ended_cannot_be_cancelled(
    ended: Callable[[], UpgradeOperation],
) -> None:
    operation = ended()

    message = refuse(
        operation, lambda: operation.cancel(at=examples.AT), AlreadyEndedError
    )

    assert message == f"the operation has ended with status: {operation.status}"


# --- after the flash -----------------------------------------------------------------


def test_looks_after_the_flash_are_counted_and_timed() -> None:
    operation = examples.flashing()

    operation.observe(examples.reconnect_attempted(20))
    operation.observe(examples.reconnect_attempted(40))

    assert operation.looks == 2
    assert operation.phase is Phase.REBOOTING
    assert operation.next_visit_at == examples.later(40)


def test_nothing_is_observed_before_the_flash() -> None:
    operation = examples.ready_to_flash()

    message = refuse(operation, lambda: operation.observe(examples.reconnected()))

    assert message == "the flash has not begun"


# --- endings -------------------------------------------------------------------------


def test_success_needs_a_verified_outcome_behind_the_flash() -> None:
    operation = examples.flashing()
    operation.observe(examples.reconnected())

    message = refuse(operation, operation.succeed)

    assert message == "success needs a verified outcome"


def test_a_verified_outcome_is_success() -> None:
    operation = examples.verified()

    operation.succeed()

    assert operation.status is Status.SUCCESS
    assert operation.progress == 100


def test_success_without_a_flash_needs_the_image_to_be_installed() -> None:
    operation = examples.checked()

    message = refuse(operation, operation.succeed)

    assert message == "success needs a verified outcome"


def test_an_image_that_is_installed_already_is_success_without_a_flash() -> None:
    operation = examples.visiting()
    operation.note(examples.connected(), examples.identity_verified())
    operation.note(examples.image_compared(installed=True))

    operation.succeed("the image is installed already")

    assert operation.status is Status.SUCCESS
    assert not operation.has_begun_flash


def test_an_abort_is_refused_behind_the_flash() -> None:
    operation = examples.flashing()

    refuse(operation, lambda: operation.abort("wrong board"))


def test_a_failure_may_come_at_any_time_before_the_end() -> None:
    for operation in (examples.queued(), examples.uploading(), examples.flashing()):
        operation.fail("never back", evidence="no answer for 15 minutes")

        assert operation.status is Status.FAILED


@pytest.mark.parametrize("ended", ENDED)
def test_an_end_is_final(ended: Callable[[], UpgradeOperation]) -> None:
    operation = ended()

    refuse(operation, operation.succeed, AlreadyEndedError)
    refuse(operation, lambda: operation.fail("no"), AlreadyEndedError)
    refuse(operation, lambda: operation.abort("no"), AlreadyEndedError)


# --- what is owed --------------------------------------------------------------------


def test_settling_gives_back_all_that_is_owed_and_frees_the_device() -> None:
    operation = examples.cancelled_owing()

    told = told_by(operation, lambda: operation.settle_by(SettledBy.FLASHLOG))

    assert told == [
        events.ServicesRestored,
        events.UploadRemoved,
        events.SwitchDisarmed,
    ]
    assert operation.is_settled
    assert operation.next_visit_at is None


def test_settling_is_ignored_where_nothing_is_owed() -> None:
    operation = examples.checked()

    assert told_by(operation, lambda: operation.settle_by(SettledBy.REBOOT)) == []


def test_services_that_run_again_are_not_told_again_when_only_wifi_is_owed() -> None:
    operation = examples.uploading()
    assert list(operation.owed_services) == list(examples.SERVICES)
    operation.settle_by(SettledBy.SWITCH)
    assert list(operation.owed_services) == []
    operation.note(examples.services_stop_begun((), wifi=True))
    operation.collect_events()

    operation.settle_by(SettledBy.REBOOT)

    assert operation.collect_events() == [
        events.ServicesRestored(services=(), wifi=True, by=SettledBy.REBOOT)
    ]


def test_a_postponed_settlement_says_since_when_and_until_when() -> None:
    operation = examples.cancelled_owing()

    for seconds in (0, 30):
        operation.postpone_settlement(
            cause="no answer",
            at=examples.later(seconds),
            not_before=examples.later(seconds + 30),
        )

    assert operation.postponements == 2
    assert operation.owed_since == examples.AT
    assert operation.next_visit_at == examples.later(60)


def test_postponing_is_ignored_where_all_was_settled_meanwhile() -> None:
    operation = examples.cancelled_owing()
    operation.give_up_obligations(reason="replaced", by=examples.PERSON)

    told = told_by(
        operation,
        lambda: operation.postpone_settlement(
            cause="no answer", at=examples.AT, not_before=examples.later(30)
        ),
    )

    assert told == []
    assert operation.next_visit_at is None


def test_giving_up_names_what_was_owed_and_frees_the_device() -> None:
    operation = examples.cancelled_owing()

    operation.give_up_obligations(reason="the router is gone", by=examples.PERSON)

    assert operation.given_up == ("file", "services", "switch", "wifi")
    assert operation.is_settled
    assert operation.next_visit_at is None


def test_giving_up_is_refused_where_nothing_is_owed() -> None:
    operation = examples.aborted()

    message = refuse(operation, lambda: operation.give_up_obligations(reason="?"))

    assert message == "nothing is owed to the router"


def test_giving_up_is_refused_while_the_operation_is_in_progress() -> None:
    operation = examples.uploading()

    message = refuse(operation, lambda: operation.give_up_obligations(reason="?"))

    assert message == "the operation is in-progress: cancel it first"


# --- held for a person ---------------------------------------------------------------


def test_a_held_operation_is_never_due_and_nobody_visits_it() -> None:
    operation = examples.held()

    assert operation.next_visit_at is None
    message = refuse(operation, lambda: operation.begin_visit("runner-1"))
    assert message == "the operation is held: the log was restored"


def test_nothing_goes_on_in_a_held_operation() -> None:
    operation = examples.ready_to_flash()
    operation.hold("the log was restored")

    refuse(operation, lambda: examples.begin_flash(operation))
    refuse(operation, lambda: operation.note(examples.connected()))
    refuse(operation, lambda: operation.fail("never back"))
    refuse(
        operation,
        lambda: operation.schedule_retry(cause="?", not_before=examples.later(60)),
    )


def test_a_resumed_operation_is_due_again() -> None:
    operation = examples.held()

    operation.resume(at=examples.later(5), by=examples.PERSON)

    assert operation.next_visit_at == examples.later(5)
    operation.begin_visit("runner-1")


def test_what_is_not_held_cannot_be_resumed() -> None:
    operation = examples.uploading()

    message = refuse(operation, lambda: operation.resume(at=examples.AT))

    assert message == "the operation is not held"


def test_what_was_settled_while_it_was_held_never_becomes_due_again() -> None:
    operation = examples.cancelled_owing()
    operation.hold("the log was restored")
    operation.give_up_obligations(reason="replaced", by=examples.PERSON)

    refuse(operation, lambda: operation.resume(at=examples.AT))

    assert operation.next_visit_at is None


def test_a_settled_operation_cannot_be_held() -> None:
    operation = examples.aborted()

    message = refuse(operation, lambda: operation.hold("restored"))

    assert message == "the operation has ended and owes nothing"


@pytest.mark.parametrize(
    "decision",
    [
        events.FlashBegun(command="x", at=examples.later(1), look_at=examples.later(2)),
        events.Succeeded(),
        events.Cancelled(at=examples.later(1)),
    ],
    ids=lambda decision: type(decision).__name__,
)
def test_a_decision_is_not_slipped_in_as_a_fact(
    decision: events.OperationEvent,
) -> None:
    operation = examples.checked()
    assert "commands of their own" in refuse(
        operation, lambda: operation.note(decision)
    )
