"""So often and no more, in one process and in several."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.adapters.asked import Asked, AskedHere
from application.adapters.postgres.storage import PostgresStorage
from application.errors import StorageError
from tests.adapters.databases import KINDS, soon

DAY = 86400.0


@pytest.fixture(params=KINDS)
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Asked]:
    if request.param == "sqlite":
        yield AskedHere()
        return
    url = request.getfixturevalue("postgres_url")
    storage = PostgresStorage(url, tmp_path, connections_max=4)
    yield storage.asked
    storage.close()


def test_each_may_ask_so_often_and_is_told_when_again(asked: Asked) -> None:
    for _ in range(3):
        assert asked.seconds_to_wait("ada", limit=3, seconds=DAY) == 0
    for _ in range(2):
        wait = asked.seconds_to_wait("ada", limit=3, seconds=DAY)
        assert DAY - 120 < wait <= DAY
    assert asked.seconds_to_wait("bob", limit=3, seconds=DAY) == 0


def test_what_was_asked_long_ago_counts_no_more(asked: Asked) -> None:
    assert asked.seconds_to_wait("ada", limit=1, seconds=0.3) == 0
    assert soon(lambda: asked.seconds_to_wait("ada", limit=1, seconds=0.3) == 0)


def test_many_at_once_are_counted_one_by_one(asked: Asked) -> None:
    passed: list[int] = []

    def ask() -> None:
        passed.append(asked.seconds_to_wait("ada", limit=3, seconds=DAY) == 0)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(passed) == 3


def test_two_processes_count_together(postgres_url: str, tmp_path: Path) -> None:
    one, other = (
        PostgresStorage(postgres_url, tmp_path, connections_max=2) for _ in range(2)
    )
    try:
        assert one.asked.seconds_to_wait("ada", limit=2, seconds=DAY) == 0
        assert other.asked.seconds_to_wait("ada", limit=2, seconds=DAY) == 0
        assert one.asked.seconds_to_wait("ada", limit=2, seconds=DAY) > 0
        assert other.asked.seconds_to_wait("ada", limit=2, seconds=DAY) > 0
    finally:
        one.close()
        other.close()


def test_who_was_refused_does_not_reach_the_database_again(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    storage = PostgresStorage(postgres_url, tmp_path, connections_max=2)
    try:
        assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) == 0
        assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) > 0
        monkeypatch.delattr(type(storage.asked), "_ask")
        assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) > 0
        with pytest.raises(AttributeError):
            storage.asked.seconds_to_wait("bob", limit=1, seconds=DAY)
    finally:
        storage.close()


def test_without_the_database_each_process_counts_alone(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> float:
        raise StorageError("the server is gone")

    storage = PostgresStorage(postgres_url, tmp_path, connections_max=2)
    try:
        with monkeypatch.context() as patched:
            patched.setattr(type(storage.asked), "_ask", gone)
            assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) == 0
            assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) > 0
        assert storage.asked.seconds_to_wait("ada", limit=1, seconds=DAY) == 0
    finally:
        storage.close()
