import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from time import monotonic
from uuid import UUID

import pytest

from application.log import EventLog
from application.projections.projector import Projector
from application.projections.views import Views
from tests.application.houses import opened, opened_log
from tests.application.read_models import Place, place
from tests.domain import examples

__all__ = ["place"]


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    with opened_log(tmp_path) as log:
        yield log


@pytest.fixture
def projector(place: Place, log: EventLog) -> Iterator[Projector]:
    with place.opened() as database:
        yield Projector(log, database)


@pytest.fixture
def views(projector: Projector) -> Views:
    return Views(projector._database)


def test_waiting_for_what_is_shown_already_takes_no_time(views: Views) -> None:
    assert views.wait_for(0, limit_seconds=0)


def test_waiting_for_what_never_comes_ends_at_the_limit(views: Views) -> None:
    begun = monotonic()

    assert not views.wait_for(1, limit_seconds=0.1)

    assert monotonic() - begun >= 0.1


def test_waiting_ends_when_somebody_projects(
    log: EventLog, projector: Projector, views: Views
) -> None:
    position = log.append(examples.queued())
    later = threading.Timer(0.05, projector.catch_up)
    later.start()

    assert views.wait_for(position, limit_seconds=60)
    later.join()


def test_rows_come_newest_first_and_only_those_asked_for(
    log: EventLog, projector: Projector, views: Views
) -> None:
    for number in (1, 2, 3):
        log.append(examples.queued(UUID(int=number), device_id=UUID(int=number % 2)))
    projector.catch_up()

    ids = [row["id"] for row in views.all("operation")]
    assert ids == [str(UUID(int=number)) for number in (3, 2, 1)]
    of_one = views.all("operation", {"device_id": str(UUID(int=1))})
    assert [row["id"] for row in of_one] == [str(UUID(int=number)) for number in (3, 1)]
    assert views.one("operation", str(UUID(int=9))) is None


def test_who_shows_its_own_events_reads_them_at_once(tmp_path: Path) -> None:
    with opened(tmp_path / "house") as flashlog:
        position = flashlog.log.append(examples.queued())

        assert flashlog.show(position)
        assert flashlog.views.one("operation", str(examples.OPERATION_ID))


def test_many_threads_all_read_their_own_events_soon(tmp_path: Path) -> None:
    with opened(tmp_path / "house", projected_wait_seconds=90) as flashlog:
        late: list[float] = []

        def work(number: int) -> None:
            for count in range(15):
                operation = examples.queued(UUID(int=1000 * number + count))
                position = flashlog.log.append(operation)
                begun = monotonic()
                assert flashlog.show(position)
                assert flashlog.views.one("operation", str(operation.id))
                late.append(monotonic() - begun)

        threads = [threading.Thread(target=work, args=(n,)) for n in range(1, 9)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(90)

    assert len(late) == 8 * 15
    # Who missed its turn would wait for all of the limit.
    assert max(late) < 60


def test_an_event_that_another_projector_just_missed_is_shown_soon(
    tmp_path: Path,
) -> None:
    with (
        opened(tmp_path / "house", projected_wait_seconds=90) as flashlog,
        ThreadPoolExecutor(1) as pool,
    ):
        position = flashlog.log.append(examples.queued())
        with flashlog.alone("projector"):
            shown = pool.submit(flashlog.show, position)
            with pytest.raises(TimeoutError):
                shown.result(0.1)
        begun = monotonic()

        assert shown.result(90)
        assert monotonic() - begun < 60


def test_an_event_that_cannot_be_shown_is_in_the_log_all_the_same(
    tmp_path: Path,
) -> None:
    with opened(tmp_path / "house", projected_wait_seconds=0.2) as flashlog:
        with flashlog.alone("projector") as is_alone:
            assert is_alone
            position = flashlog.log.append(examples.queued())

            assert not flashlog.show(position)

        assert flashlog.log.end() == position
        assert flashlog.show(position)


def test_read_models_that_cannot_be_written_do_not_undo_what_was_done(
    tmp_path: Path,
) -> None:
    with opened(tmp_path / "house", projected_wait_seconds=0.2) as flashlog:
        with flashlog._views.writing() as connection:
            connection.execute("ALTER TABLE operation RENAME TO hidden")
        position = flashlog.log.append(examples.queued())

        assert not flashlog.show(position)

        with flashlog._views.writing() as connection:
            connection.execute("ALTER TABLE hidden RENAME TO operation")
        assert flashlog.show(position)
