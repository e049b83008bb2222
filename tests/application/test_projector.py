"""Read models are what the log says, however it came to them."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from application.adapters.sqlite.connections import Connections
from application.errors import LogBusyError
from application.log import EventLog
from application.projections import projector as projector_module
from application.projections.projector import Projector, open_views
from application.projections.views import Views
from domain.operation.operation import UpgradeOperation
from tests.application.histories import History
from tests.application.houses import all_rows, opened_log
from tests.application.read_models import Place, place
from tests.domain import examples

__all__ = ["place"]


@contextmanager
def projected(log: EventLog, place: Place) -> Iterator[tuple[Projector, Views]]:
    with place.opened() as database:
        yield Projector(log, database), Views(database)


def rows_from_scratch(log: EventLog, directory: Path) -> dict[str, Any]:
    with projected(log, Place(directory / "scratch.sqlite")) as (projector, views):
        projector.catch_up()
        return all_rows(views)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_running_read_models_equal_those_made_from_scratch(seed: int) -> None:
    with TemporaryDirectory() as name:
        _compare_running_ones(Path(name), Place(Path(name, "views.sqlite")), seed)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_read_models_in_postgres_equal_those_in_sqlite_from_scratch(
    postgres_url: str, tmp_path: Path, seed: int
) -> None:
    _compare_running_ones(tmp_path, Place(postgres_url), seed)


def _compare_running_ones(directory: Path, place: Place, seed: int) -> None:
    chance = Random(seed)
    with opened_log(directory) as log:
        history = History(log, chance)
        history.begin()
        for _ in range(chance.randint(1, 6)):
            # Each round is a projector that starts again where the last one ended.
            with (
                pytest.MonkeyPatch.context() as patch,
                projected(log, place) as (projector, _),
            ):
                patch.setattr(projector_module, "_BATCH", chance.randint(1, 40))
                for _ in range(chance.randint(1, 15)):
                    history.go_on()
                    if chance.random() < 0.4:
                        projector.catch_up()
        with projected(log, place) as (projector, views):
            assert projector.catch_up() == log.end()
            running = all_rows(views)
            assert running == rows_from_scratch(log, directory)
            projector.rebuild()
            assert all_rows(views) == running


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 1 << 32))
def test_work_is_due_exactly_when_an_operation_waits_for_a_visit(seed: int) -> None:
    with TemporaryDirectory() as name:
        _compare_work(Path(name), Place(Path(name, "views.sqlite")), seed)


def test_work_in_postgres_is_due_when_an_operation_waits_for_a_visit(
    postgres_url: str, tmp_path: Path
) -> None:
    _compare_work(tmp_path, Place(postgres_url), seed=4)


def _compare_work(directory: Path, place: Place, seed: int) -> None:
    with opened_log(directory) as log:
        history = History(log, Random(seed))
        history.begin()
        with projected(log, place) as (projector, views):
            for _ in range(40):
                history.go_on()
                projector.catch_up()
            told = [
                log.get(UpgradeOperation, UUID(row["id"]))
                for row in views.all("operation")
            ]
            due = {
                UUID(row["operation_id"]): row["due_at"]
                for row in views.rows("SELECT * FROM due")
            }

    assert due == {
        operation.id: operation.next_visit_at.timestamp()
        for operation in told
        if operation.next_visit_at
    }


def test_an_operation_is_shown_as_its_events_have_made_it(
    place: Place, tmp_path: Path
) -> None:
    operation = examples.uploading()
    with (
        opened_log(tmp_path) as log,
        projected(log, place) as (projector, views),
    ):
        log.append(operation)
        projector.catch_up()
        row = views.one("operation", str(operation.id))

    assert row
    assert row["created"] <= row["modified"]
    del row["created"], row["modified"]
    assert row == {
        "number": 1,
        "id": str(examples.OPERATION_ID),
        "device_id": str(examples.DEVICE_ID),
        "organization_id": "",
        "image_id": str(examples.IMAGE_ID),
        "batch_id": None,
        "retry_of": None,
        "options": "{}",
        "status": "in-progress",
        "phase": "uploading",
        "progress": 20,
        "attempt": 1,
        "cancellable": 1,
        "owed": "file,services,switch,wifi",
        "given_up": "",
        "held": "",
        "next_visit_at": "2026-01-05T12:00:00.000000Z",
        "backup_id": None,
        "version": operation.version,
        "position": 1,
    }


def test_a_projector_that_could_not_write_takes_the_same_events_in_later(
    tmp_path: Path,
) -> None:
    path = tmp_path / "views.sqlite"
    open_views(Connections(path)).close()
    impatient = Connections(path, synchronous="NORMAL", busy_seconds=0.1)
    operation = examples.queued()
    with opened_log(tmp_path) as log, closing(sqlite3.connect(path)) as other:
        projector, views = Projector(log, impatient), Views(impatient)
        log.append(operation)
        projector.catch_up()
        operation.begin_visit("runner-1")
        log.append(operation)
        other.isolation_level = None
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LogBusyError):
            projector.catch_up()
        other.execute("ROLLBACK")

        projector.catch_up()

        assert all_rows(views) == rows_from_scratch(log, tmp_path)
    impatient.close()


@contextmanager
def following(projector: Projector) -> Iterator[threading.Thread]:
    stop = threading.Event()
    thread = threading.Thread(target=projector.run, args=(stop,))
    thread.start()
    try:
        yield thread
    finally:
        stop.set()
        thread.join(60)


def test_a_running_projector_follows_what_others_append(
    place: Place, tmp_path: Path
) -> None:
    with (
        opened_log(tmp_path) as log,
        opened_log(tmp_path) as other,
        projected(log, place) as (projector, views),
        following(projector) as thread,
    ):
        for _ in range(20):
            position = other.append(examples.queued(UUID(int=other.end() + 1)))
            assert views.wait_for(position, limit_seconds=60)
        assert thread.is_alive()

    assert not thread.is_alive()


def test_a_running_projector_survives_read_models_that_are_locked_for_long(
    tmp_path: Path,
) -> None:
    path = tmp_path / "views.sqlite"
    open_views(Connections(path)).close()
    impatient = Connections(path, synchronous="NORMAL", busy_seconds=0.05)
    views = Views(impatient)
    with (
        opened_log(tmp_path) as log,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
        following(Projector(log, impatient)) as thread,
    ):
        other.execute("BEGIN IMMEDIATE")
        position = log.append(examples.queued())
        assert not views.wait_for(position, limit_seconds=0.5)
        other.execute("ROLLBACK")

        assert views.wait_for(position, limit_seconds=60)
        assert thread.is_alive()
    impatient.close()


def test_a_rebuild_that_was_killed_leaves_read_models_that_can_be_opened(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened_log(tmp_path) as log:
        log.append(examples.queued())
        with projected(log, place) as (projector, _):
            projector.catch_up()

            def killed(*_: object) -> None:
                raise KeyboardInterrupt

            with monkeypatch.context() as patch:
                patch.setattr(projector, "_take", killed)
                with pytest.raises(KeyboardInterrupt):
                    projector.rebuild()

        with projected(log, place) as (projector, views):
            projector.catch_up()
            assert len(views.all("operation")) == 1


def test_a_projector_that_was_overtaken_writes_nothing(
    place: Place, tmp_path: Path
) -> None:
    """It was frozen, or cut off from the database, while another one took over."""
    operation = examples.queued()
    with (
        opened_log(tmp_path) as log,
        projected(log, place) as (frozen, views),
        projected(log, place) as (newer, _),
    ):
        log.append(operation)
        entries = log.read(after=0, limit=9)
        operation.begin_visit("runner-1")
        log.append(operation)
        newer.catch_up()
        shown = all_rows(views)

        frozen._take(entries)
        assert all_rows(views) == shown

        log.append(examples.queued(UUID(int=7)))
        frozen.catch_up()
        assert all_rows(views) == rows_from_scratch(log, tmp_path)


def test_dropping_the_read_models_is_one_step(tmp_path: Path) -> None:
    connections = Connections(tmp_path / "views.sqlite")
    open_views(connections)
    seen: list[str] = []
    with connections.reading() as connection:
        connection.set_trace_callback(seen.append)
    projector_module.drop_views(connections)
    connections.close()

    words = ("BEGIN", "DROP", "COMMIT")
    steps = [word.strip() for word in seen if word.strip().startswith(words)]
    assert steps[0].startswith("BEGIN IMMEDIATE")
    assert {word[:4] for word in steps[1:-1]} == {"DROP"}
    assert steps[-1].startswith("COMMIT")


def test_read_models_of_another_format_are_made_again(tmp_path: Path) -> None:
    path = tmp_path / "views.sqlite"
    with opened_log(tmp_path) as log:
        log.append(examples.queued())
        with closing(sqlite3.connect(path)) as other:
            other.execute("CREATE TABLE progress (something INTEGER)")
            other.execute("CREATE TABLE older (something INTEGER)")
            other.execute("PRAGMA user_version = 999")
        with projected(log, Place(path)) as (projector, views):
            assert views.position() == 0
            projector.catch_up()

            assert all_rows(views) == rows_from_scratch(log, tmp_path)
            tables = "SELECT name FROM sqlite_schema WHERE name = 'older'"
            assert views.rows(tables) == []


@pytest.mark.parametrize("at_once", [1, 1000])
def test_long_rebuilds_tell_what_the_tables_are_like_by_then(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(projector_module, "_BATCH", at_once)
    with opened_log(tmp_path) as log, projected(log, place) as (projector, _):
        history = History(log, Random(1))
        history.begin()
        history.go_on()
        told: list[int] = []
        monkeypatch.setattr(
            projector._database, "analyze", lambda: told.append(projector.position())
        )
        assert projector.rebuild() == log.end()
        assert told == ([log.end()] if at_once == 1 else [])
