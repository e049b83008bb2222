"""The log on both databases: ordered, whole, and final."""

import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from time import monotonic
from typing import IO
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import IntegrityError

from application.adapters.log.appending import Log
from application.adapters.log.event import LoggedEvent
from application.adapters.log.fences import NoneSince
from application.adapters.log.until import LogUntil
from application.errors import LogBusyError, NewerLogError
from tests.adapters.databases import KINDS, soon
from tests.adapters.logs import (
    LogPlace,
    SQLitePlace,
    check_whole,
    given_place,
    rows,
    story,
    writer_of,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[LogPlace]:
    with given_place(request, tmp_path) as place:
        yield place


@pytest.fixture
def log(place: LogPlace) -> Log:
    return place.opened()


# --- order ---------------------------------------------------------------------------


def test_positions_are_counted_from_one_on(log: Log) -> None:
    assert log.max_notification_id() is None
    assert log.insert_events(story(2)) == [1, 2]
    assert log.insert_events([*story(1), *story(2)]) == [3, 4, 5]
    assert log.max_notification_id() == 5


def test_appending_nothing_changes_nothing(log: Log) -> None:
    assert log.insert_events([]) == []
    assert log.max_notification_id() is None


def stdin_of(process: subprocess.Popen[str]) -> IO[str]:
    assert process.stdin
    return process.stdin


def test_many_processes_and_threads_leave_no_hole(place: LogPlace) -> None:
    writers = [
        subprocess.Popen(
            writer_of(place, 40, 3),
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for writer in writers:
            assert writer.stdout
            assert writer.stdout.readline() == "ready\n"
        for writer in writers:
            stdin_of(writer).write("go\n")
            stdin_of(writer).flush()
        for writer in writers:
            writer.communicate(timeout=60)
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()

    assert [writer.returncode for writer in writers] == [0] * 4
    events_each = 3 * sum(1 + number % 3 for number in range(40))
    assert check_whole(place) == 4 * events_each


def test_many_may_make_the_log_at_the_same_moment(place: LogPlace) -> None:
    together = Barrier(8)

    def make(_: int) -> int:
        together.wait(60)
        log = place.opened()
        return log.insert_events(story(1))[0]

    with ThreadPoolExecutor(8) as pool:
        positions = list(pool.map(make, range(8)))

    assert sorted(positions) == list(range(1, 9))


def test_reading_goes_on_from_any_position(log: Log) -> None:
    log.insert_events(story(5))

    def positions(start: int | None, limit: int, stop: int | None = None) -> list[int]:
        found = log.select_notifications(start, limit, stop, inclusive_of_start=False)
        return [event.id for event in found]

    assert positions(None, 10) == [1, 2, 3, 4, 5]
    assert positions(2, 2) == [3, 4]
    assert positions(2, 10, 4) == [3, 4]
    assert positions(5, 10) == []
    assert [event.id for event in log.select_notifications(2, 2)] == [2, 3]


def test_a_story_is_told_in_its_own_order(log: Log) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(2, originator_id=one))
    log.insert_events(story(2, originator_id=other))
    log.insert_events(story(2, originator_id=one, after=2))

    assert [event.id for event in log.select_events(one)] == [1, 2, 5, 6]
    assert [event.id for event in log.select_events(one, desc=True, limit=1)] == [6]
    assert [event.id for event in log.select_events(one, gt=1, lte=3)] == [2, 5]
    assert log.version_of(one) == 4
    assert log.version_of(uuid4()) == 0


# --- all or nothing ------------------------------------------------------------------


def test_of_two_that_write_the_same_next_event_one_wins(log: Log) -> None:
    one = uuid4()
    log.insert_events(story(1, originator_id=one))

    with pytest.raises(IntegrityError):
        log.insert_events(story(1, originator_id=one))

    assert log.max_notification_id() == 1


def test_a_conflict_in_one_story_keeps_out_the_others_too(log: Log) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(1, originator_id=one))

    with pytest.raises(IntegrityError):
        log.insert_events(
            [*story(2, originator_id=other), *story(1, originator_id=one)]
        )

    assert log.version_of(other) == 0
    assert log.insert_events(story(1, originator_id=other)) == [2]


# --- time ----------------------------------------------------------------------------


def test_recorded_time_never_goes_back_when_the_clock_is_stepped(
    place: LogPlace,
) -> None:
    steps = iter((1000, 2000, 500, 1500, 3000))
    log = place.opened(now=lambda: datetime.fromtimestamp(next(steps), UTC))
    for _ in range(5):
        log.insert_events(story(1))

    assert [row[3] // 10**6 for row in rows(place)] == [1000, 2000, 2000, 2000, 3000]


# --- trouble -------------------------------------------------------------------------


def test_an_older_flashlog_refuses_a_newer_log_and_says_what_to_do(
    place: LogPlace, log: Log
) -> None:
    log.close()
    is_sqlite = isinstance(place, SQLitePlace)
    place.plain(
        "PRAGMA user_version = 2" if is_sqlite else "UPDATE format SET number = 2"
    )

    with pytest.raises(NewerLogError) as refusal:
        place.opened()

    assert str(refusal.value) == (
        f"{place.shown} has format 2, this Flashlog knows 1: install the version that "
        "wrote it or a later one"
    )


def test_a_locked_log_is_busy_and_nothing_is_half_written(place: LogPlace) -> None:
    log = place.opened(busy_seconds=0.2)
    log.insert_events(story(1))
    with place.locked():
        with pytest.raises(LogBusyError, match="try again"):
            log.insert_events(story(2))

        assert log.max_notification_id() == 1

    assert log.insert_events(story(2)) == [2, 3]


def test_many_threads_do_not_wait_for_a_locked_log_one_after_the_other(
    place: LogPlace,
) -> None:
    log = place.opened(busy_seconds=1.0)

    def append(_: int) -> float:
        begun = monotonic()
        with pytest.raises(LogBusyError):
            log.insert_events(story(1))
        return monotonic() - begun

    with place.locked(), ThreadPoolExecutor(60) as pool:
        waited = list(pool.map(append, range(60)))

    assert max(waited) < 60 * 1.0 / 2


def test_a_log_that_cannot_be_made_now_can_be_made_later(place: LogPlace) -> None:
    with place.locked(), pytest.raises(LogBusyError):
        place.opened(busy_seconds=0.1)

    assert place.opened().insert_events(story(1)) == [1]


# --- fences --------------------------------------------------------------------------


def test_nothing_is_appended_where_a_story_has_gone_on(log: Log) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(2, originator_id=one))

    for expected in ([(one, 1)], [(one, 2), (other, 1)], [(one, 3)]):
        with pytest.raises(IntegrityError, match="has gone on to"):
            log.insert_events(story(1), expected=expected)
    assert log.insert_events(story(1), expected=[(one, 2), (other, 0)]) == [3]


def test_nothing_is_appended_where_something_has_come_since(log: Log) -> None:
    log.insert_events(story(3))

    def append(position: int, *topics: str) -> Sequence[int]:
        none_since = NoneSince(position, topics)
        return log.insert_events(story(1), none_since=none_since)

    for topics in (("Example:Happened",), ("x", "Example:Happened")):
        with pytest.raises(IntegrityError, match="has come since 2"):
            append(2, *topics)
    assert append(2, "x") == [4]
    assert append(4, "Example:Happened") == [5]


# --- the other questions -------------------------------------------------------------


def test_stories_and_places_are_found(log: Log) -> None:
    one, other, third = (UUID(int=number) for number in (2, 1, 3))
    for each in (one, other, third):
        log.insert_events(story(2, originator_id=each, size=9))
    log.insert_events(story(1, originator_id=one, after=2))

    def ids(found: Sequence[LoggedEvent]) -> list[int]:
        return [each.id for each in found]

    assert ids(log.select_stories([one, other])) == [3, 4, 1, 2, 7]
    assert ids(log.select_stories([one], topics=["x", "Example:Happened"])) == [1, 2, 7]
    assert ids(log.select_stories([one], topics=["x"])) == []
    assert ids(log.select_stories([])) == ids(log.select_at([])) == []
    assert sorted(log.select_positions([one, third])) == [1, 2, 5, 6, 7]
    assert sorted(ids(log.select_at([7, 2, 99]))) == [2, 7]
    # More than are asked for at once, and one of them twice.
    many = [one, *(UUID(int=number << 64) for number in range(1, 600)), one]
    assert ids(log.select_stories(many)) == [1, 2, 7]
    (found,) = log.select_at([3])
    assert (found.originator_id, found.originator_version) == (other, 1)
    assert (found.topic, found.state) == ("Example:Happened", b"{}       ")


def test_a_position_is_found_by_its_time(place: LogPlace) -> None:
    def at(second: int) -> datetime:
        return datetime.fromtimestamp(second, UTC)

    times = iter(map(at, (10, 10, 20, 30)))
    log = place.opened(now=lambda: next(times))
    assert log.position_at(at(10)) == 0
    assert log.last_recorded_at() == at(0)
    for _ in range(4):
        log.insert_events(story(1))

    found = [log.position_at(at(second)) for second in (9, 10, 19, 20, 29, 30, 99)]
    assert found == [0, 2, 2, 3, 3, 4, 4]
    assert log.last_recorded_at() == at(30)


def test_the_past_ends_at_its_position(log: Log) -> None:
    one, other = uuid4(), uuid4()
    log.insert_events(story(2, originator_id=one))
    log.insert_events(
        [*story(1, originator_id=other), *story(1, originator_id=one, after=2)]
    )
    past = LogUntil(log, 3)

    assert past.max_notification_id() == 3
    assert [each.id for each in past.select_events(one)] == [1, 2]
    assert [each.id for each in past.select_stories([one, other])] in (
        [1, 2, 3],
        [3, 1, 2],
    )
    assert [each.id for each in past.select_notifications(2, 9)] == [2, 3]
    with pytest.raises(NotImplementedError):
        past.insert_events(story(1))


# --- growth --------------------------------------------------------------------------


def test_growth_by_anybody_is_noticed_once(place: LogPlace, log: Log) -> None:
    other = place.opened()
    growth = log.growth()
    assert growth.has_happened()
    assert not growth.has_happened()

    for writer in (log, other):
        writer.insert_events(story(1))
        assert soon(growth.has_happened)
        assert not growth.has_happened()
    growth.close()


def test_what_is_large_is_appended(log: Log) -> None:
    log.insert_events(story(1, size=3_000_000))
    log.insert_events(story(3000, size=300))

    assert log.max_notification_id() == 3001
    assert [len(each.state) for each in log.select_notifications(1, 2)] == [
        3_000_000,
        300,
    ]
