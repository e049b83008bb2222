"""Turns to upload and to reboot: never more than there may be, and none lost."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from uuid import UUID, uuid4

import pytest

from application.flashlog import Flashlog
from application.projections.turns import Bounds, Turns
from application.runner import Runner
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from tests.adapters.databases import KINDS
from tests.application.houses import claimed, opened
from tests.application.stock import Stock
from tests.domain import examples

BOUNDS = Bounds(uploads_max=3, uploads_per_location_max=2, reboots_max=5)
LATE = examples.later(3600).timestamp()


@pytest.fixture(params=KINDS)
def database_url(request: pytest.FixtureRequest) -> str:
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return ""


@pytest.fixture
def flashlog(tmp_path: Path, database_url: str) -> Iterator[Flashlog]:
    with opened(tmp_path, database_url=database_url) as flashlog:
        yield flashlog


@pytest.fixture
def turns(flashlog: Flashlog) -> Turns:
    return Turns(flashlog._views, flashlog.log, BOUNDS)


def begun(
    flashlog: Flashlog, location_id: UUID | None = None, batch_id: UUID | None = None
) -> UpgradeOperation:
    """An operation under way, on a device of its own."""
    device = Stock(flashlog).new_device(name=uuid4().hex, location_id=location_id)
    operation = examples.queued(uuid4(), device_id=device.id, batch_id=batch_id)
    operation.begin_visit("one")
    flashlog.show(flashlog.log.append(device, operation))
    return operation


def taken(turns: Turns, operations: list[UpgradeOperation]) -> int:
    return sum(turns.take(each, of_batch=None) for each in operations)


def test_no_more_upload_than_may_and_the_next_one_when_one_is_through(
    flashlog: Flashlog, turns: Turns
) -> None:
    operations = [begun(flashlog) for _ in range(4)]
    assert taken(turns, operations) == 3
    with turns.uploading(operations[0]):
        pass
    assert turns.take(operations[3], of_batch=None)


def test_whoever_waits_hears_of_a_turn_that_came_free_before_it_began_to_wait(
    flashlog: Flashlog, turns: Turns
) -> None:
    first, *others = [begun(flashlog) for _ in range(4)]
    assert taken(turns, [first, *others[:2]]) == 3
    seen = turns.freed.count
    assert not turns.take(others[2], of_batch=None)

    with turns.uploading(first):
        pass
    # Without the word it would wait for ever.
    turns.freed.wait(seen, None)

    assert turns.take(others[2], of_batch=None)


def test_no_more_upload_to_one_location_than_may(
    flashlog: Flashlog, turns: Turns
) -> None:
    here, there = uuid4(), uuid4()
    assert taken(turns, [begun(flashlog, here) for _ in range(3)]) == 2
    assert taken(turns, [begun(flashlog, there)]) == 1


def test_whoever_uploaded_keeps_the_turn_to_reboot_until_it_has_ended(
    flashlog: Flashlog, turns: Turns
) -> None:
    operations = [begun(flashlog) for _ in range(6)]
    for operation in operations[:5]:
        assert turns.take(operation, of_batch=None)
        with turns.uploading(operation):
            pass
        turns.end(operation)
    assert not turns.take(operations[5], of_batch=None)
    operations[0].fail("gone")
    flashlog.log.append(operations[0])
    turns.end(operations[0])
    assert turns.take(operations[5], of_batch=None)


def test_what_has_flashed_counts_although_its_turn_was_lost(
    flashlog: Flashlog, turns: Turns
) -> None:
    for _ in range(5):
        device = Stock(flashlog).new_device(name=uuid4().hex)
        operation = examples.flashing(operation_id=uuid4(), device_id=device.id)
        flashlog.log.append(device, operation)
    flashlog.show(flashlog.log.end())
    waiting = begun(flashlog)
    assert not turns.take(waiting, of_batch=None)


def test_a_batch_has_bounds_of_its_own(flashlog: Flashlog, turns: Turns) -> None:
    batch_id = uuid4()
    one = Bounds(uploads_max=1, uploads_per_location_max=1, reboots_max=1)
    first, second = (begun(flashlog, batch_id=batch_id) for _ in range(2))
    assert turns.take(first, of_batch=one)
    with turns.uploading(first):
        pass
    assert not turns.take(second, of_batch=one)
    assert turns.take(begun(flashlog), of_batch=None)


def test_whoever_goes_on_after_a_crash_goes_on_with_the_same_turn(
    flashlog: Flashlog, turns: Turns
) -> None:
    operations = [begun(flashlog) for _ in range(3)]
    assert taken(turns, operations) == 3
    assert turns.take(operations[0], of_batch=None)
    # It is claimed with what is urgent, however many uploads there are.
    assert operations[0].id in flashlog.due.claim(
        "other", now=LATE, lease_seconds=9, limit=9
    )


def test_turns_outlive_a_rebuild_of_the_read_models(
    flashlog: Flashlog, turns: Turns
) -> None:
    operations = [begun(flashlog) for _ in range(4)]
    assert taken(turns, operations[:3]) == 3
    flashlog.projector.rebuild()
    assert not turns.take(operations[3], of_batch=None)


def test_the_turn_of_a_killed_visit_is_freed_when_its_operation_is_past_it(
    flashlog: Flashlog, turns: Turns
) -> None:
    operations = [begun(flashlog) for _ in range(4)]
    assert taken(turns, operations[:3]) == 3
    turns.sweep(now=LATE)
    assert not turns.take(operations[3], of_batch=None)
    operations[0].abort("no")
    flashlog.show(flashlog.log.append(operations[0]))
    turns.sweep(now=LATE)
    assert turns.take(operations[3], of_batch=None)


def test_a_turn_is_not_freed_while_somebody_is_on_the_way(
    flashlog: Flashlog, turns: Turns
) -> None:
    operation = begun(flashlog)
    assert turns.take(operation, of_batch=None)
    assert claimed(flashlog.due, now=LATE) == [operation.id]
    operation.schedule_retry(cause="link lost", not_before=examples.later(9))
    flashlog.show(flashlog.log.append(operation))
    turns.sweep(now=LATE)
    assert _turns(flashlog) == 1
    turns.sweep(now=LATE + 60)
    assert _turns(flashlog) == 0


def test_a_turn_is_not_freed_because_the_read_models_are_late(
    flashlog: Flashlog, turns: Turns
) -> None:
    """They show that nothing has begun, while the log knows of a visit."""
    device = Stock(flashlog).new_device(name=uuid4().hex)
    operation = examples.queued(uuid4(), device_id=device.id)
    flashlog.show(flashlog.log.append(device, operation))
    operation.begin_visit("one")
    flashlog.log.append(operation)
    assert turns.take(operation, of_batch=None)
    turns.sweep(now=LATE)
    assert _turns(flashlog) == 1


def test_whoever_was_overtaken_changes_nothing_about_the_turn(
    flashlog: Flashlog, turns: Turns
) -> None:
    """A runner that was frozen goes on while another one uploads."""
    operation = begun(flashlog)
    assert turns.take(operation, of_batch=None)
    with turns.uploading(operation):
        newer = flashlog.log.get(UpgradeOperation, operation.id)
        newer.begin_visit("two")
        flashlog.log.append(newer)
        assert turns.take(newer, of_batch=None)
    assert _kinds(flashlog) == ["upload"]
    assert not turns.take(operation, of_batch=None)
    operation.schedule_retry(cause="link lost", not_before=examples.later(9))
    turns.end(operation)
    assert _kinds(flashlog) == ["upload"]


def _turns(flashlog: Flashlog) -> int:
    return len(_kinds(flashlog))


def _kinds(flashlog: Flashlog) -> list[str]:
    return [row["kind"] for row in flashlog.views.rows("SELECT kind FROM turn")]


def test_many_threads_with_connections_of_their_own_never_take_too_many(
    flashlog: Flashlog, tmp_path: Path, database_url: str
) -> None:
    here, there = uuid4(), uuid4()
    where = {
        each.id: place
        for place in (here, there, None)
        for each in _some(flashlog, place)
    }
    uploading: Counter[UUID | None] = Counter()
    guard, most = threading.Lock(), Counter[str]()
    met = threading.Event()

    def work(ids: list[UUID]) -> None:
        with opened(tmp_path, database_url=database_url) as house:
            own = Turns(house._views, house.log, BOUNDS)
            for operation_id in ids:
                operation = flashlog.log.get(UpgradeOperation, operation_id)
                while not own.take(operation, of_batch=None):
                    time.sleep(0.001)
                place = where[operation_id]
                with own.uploading(operation):
                    with guard:
                        uploading[place] += 1
                        most["all"] = max(most["all"], uploading.total())
                        most["place"] = max(
                            most["place"], uploading[here], uploading[there]
                        )
                        if uploading.total() > 1:
                            met.set()
                    met.wait(30)  # the first waits for a second, so there is a crowd
                    time.sleep(0.005)
                    with guard:
                        uploading[place] -= 1
                operation.abort("done")
                flashlog.log.append(operation)
                own.end(operation)

    ids = list(where)
    Random(3).shuffle(ids)
    threads = [
        threading.Thread(target=work, args=(ids[number::4],)) for number in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert _turns(flashlog) == 0
    assert 1 < most["all"] <= BOUNDS.uploads_max
    assert 0 < most["place"] <= BOUNDS.uploads_per_location_max


def _some(flashlog: Flashlog, place: UUID | None) -> list[UpgradeOperation]:
    return [begun(flashlog, place) for _ in range(10)]


def test_queued_work_is_claimed_as_far_as_turns_are_to_be_had(
    flashlog: Flashlog,
) -> None:
    here = uuid4()
    stock = Stock(flashlog)
    for number in range(30):
        device = stock.new_device(location_id=here if number < 10 else None)
        flashlog.log.append(device, examples.queued(uuid4(), device_id=device.id))
    flashlog.show(flashlog.log.end())

    found = claimed(flashlog.due, now=LATE, limit=50)

    # Eight turns and two ahead; of those at one location no more than two.
    assert len(found) == 10
    at = [
        flashlog.log.get(
            Device, flashlog.log.get(UpgradeOperation, each).device_id
        ).location_id
        for each in found
    ]
    assert at.count(here) == 2
    assert claimed(flashlog.due, "other", now=LATE, limit=50) == []
    # Who is still on the way after a while is slow, or gone.
    assert len(claimed(flashlog.due, "other", now=LATE + 3, limit=50)) == 10


def test_a_share_of_the_visits_is_kept_for_what_cannot_wait(
    flashlog: Flashlog,
) -> None:
    runner = Runner(flashlog)
    visits_max = flashlog.settings.runner_visits_max
    for _ in range(visits_max - visits_max // 4):
        runner._visiting[uuid4()] = True
    begun(flashlog)
    assert runner._claim_queued(visits_max) == []
