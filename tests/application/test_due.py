import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

import pytest

from application.adapters.database import Database
from application.projections.due import DueWork
from application.projections.projector import Projector
from application.projections.views import Views
from tests.application.houses import claimed, opened_log
from tests.application.read_models import Place, place
from tests.domain import examples

__all__ = ["place"]

NOW = 1000.0


@pytest.fixture
def connections(place: Place) -> Iterator[Database]:
    with place.opened() as database:
        yield database


@pytest.fixture
def due(connections: Database) -> DueWork:
    return DueWork(connections)


def wait(connections: Database, times: Sequence[float]) -> list[UUID]:
    """Let operations wait for a visit at these times."""
    waiting = [UUID(int=number) for number in range(1, len(times) + 1)]
    with connections.writing() as connection:
        connection.executemany(
            "INSERT INTO due (operation_id, due_at) VALUES (?, ?)",
            zip(map(str, waiting), times, strict=True),
        )
    return waiting


def claim(
    due: DueWork, runner: str = "one", *, now: float = NOW, limit: int = 10
) -> list[UUID]:
    return claimed(due, runner, now=now, limit=limit)


def test_what_is_due_is_claimed_and_what_is_not_yet_is_left(
    connections: Database, due: DueWork
) -> None:
    first, second, _ = wait(connections, [NOW - 5, NOW, NOW + 1])

    assert set(claim(due)) == {first, second}
    assert claim(due) == []


def test_no_more_than_asked_for_is_claimed_and_the_longest_waiting_first(
    connections: Database, due: DueWork
) -> None:
    waiting = wait(connections, [NOW - 1, NOW - 3, NOW - 2])

    assert set(claim(due, limit=2)) == {waiting[1], waiting[2]}


def test_two_claimers_never_hold_the_same_operation(
    place: Place, connections: Database
) -> None:
    waiting = wait(connections, [NOW] * 120)
    together = threading.Barrier(6)

    def take(number: int) -> list[UUID]:
        # Database of its own, as a runner in another process has them.
        with place.opened() as own:
            due = DueWork(own)
            taken: list[UUID] = []
            together.wait(60)
            # What others are just taking is left to them: nothing found is no end.
            while Views(own).rows("SELECT 1 FROM due WHERE lease_until = 0 LIMIT 1"):
                taken += claim(due, f"runner-{number}", limit=3)
        return taken

    with ThreadPoolExecutor(6) as pool:
        taken = [each for some in pool.map(take, range(6)) for each in some]

    assert sorted(taken) == waiting


def test_a_lease_that_ran_out_is_taken_over(
    connections: Database, due: DueWork
) -> None:
    waiting = wait(connections, [NOW])
    claim(due, "frozen")

    assert claim(due, "other", now=NOW + 29) == []
    assert claim(due, "other", now=NOW + 31) == waiting


def test_a_lease_that_is_extended_is_kept(connections: Database, due: DueWork) -> None:
    wait(connections, [NOW])

    due.extend("one", claim(due), now=NOW + 20, lease_seconds=30)

    assert claim(due, "other", now=NOW + 31) == []


def test_a_lease_that_is_not_asked_for_runs_out(
    connections: Database, due: DueWork
) -> None:
    waiting = wait(connections, [NOW, NOW])
    kept, lost = claim(due)

    due.extend("one", [kept], now=NOW + 20, lease_seconds=30)

    assert sorted(waiting) == sorted([kept, lost])
    assert claim(due, "other", now=NOW + 31) == [lost]


def test_a_lease_that_ran_out_is_not_revived(
    connections: Database, due: DueWork
) -> None:
    waiting = wait(connections, [NOW])

    due.extend("one", claim(due), now=NOW + 31, lease_seconds=30)

    assert claim(due, "other", now=NOW + 32) == waiting


def test_what_is_given_back_is_due_again_at_its_time(
    connections: Database, due: DueWork
) -> None:
    (operation_id,) = wait(connections, [NOW])
    claim(due)

    due.release("one", operation_id, due_at=NOW + 60)

    assert claim(due, "other", now=NOW + 59) == []
    assert claim(due, "other", now=NOW + 60) == [operation_id]


def test_what_is_done_is_never_due_again(connections: Database, due: DueWork) -> None:
    (operation_id,) = wait(connections, [NOW])
    claim(due)

    due.release("one", operation_id, due_at=None)

    assert claim(due, now=NOW + 10_000) == []


def test_a_late_runner_does_not_give_back_what_another_one_holds(
    connections: Database, due: DueWork
) -> None:
    (operation_id,) = wait(connections, [NOW])
    claim(due, "frozen")
    claim(due, "other", now=NOW + 31)

    due.release("frozen", operation_id, due_at=NOW)
    due.release("frozen", operation_id, due_at=None)

    assert claim(due, "third", now=NOW + 32) == []
    assert claim(due, "third", now=NOW + 62) == [operation_id]


def test_a_runner_that_stops_hands_over_everything_it_holds(
    connections: Database, due: DueWork
) -> None:
    waiting = wait(connections, [NOW, NOW, NOW])
    claim(due, "stopping", limit=2)
    claim(due, "staying", limit=1)

    due.release_all("stopping")

    assert len(claim(due, "other")) == len(waiting) - 1


def test_the_log_decides_again_when_work_is_due_while_somebody_holds_it(
    tmp_path: Path, connections: Database, due: DueWork
) -> None:
    operation = examples.queued()
    moment = examples.AT.timestamp()
    with opened_log(tmp_path) as log:
        projector = Projector(log, connections)
        log.append(operation)
        projector.catch_up()
        assert claim(due, now=moment) == [operation.id]
        operation.begin_visit("one")
        operation.schedule_retry(cause="link lost", not_before=examples.later(60))
        log.append(operation)
        projector.catch_up()

        # Still held, then due when the log says.
        assert claim(due, "other", now=moment + 20) == []
        due.release("one", operation.id, due_at=moment + 60)
        assert claim(due, "other", now=moment + 59) == []
        assert claim(due, "other", now=moment + 60) == [operation.id]


def test_a_rebuild_finds_lost_work_again(
    tmp_path: Path, connections: Database, due: DueWork
) -> None:
    with opened_log(tmp_path) as log:
        projector = Projector(log, connections)
        log.append(examples.queued())
        projector.catch_up()
        with connections.writing() as connection:
            connection.execute("DELETE FROM due")

        projector.rebuild()

    assert claim(due, now=examples.AT.timestamp()) == [examples.OPERATION_ID]
    assert len(Views(connections).rows("SELECT * FROM due")) == 1
