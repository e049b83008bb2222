"""Whatever a server does, nobody waits for it without end, and nothing is missed."""

import os
import resource
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from application.adapters.postgres.database import PostgresDatabase
from application.adapters.postgres.keys import key_of
from application.adapters.postgres.listener import Listener, _ready
from application.adapters.postgres.locks import AdvisoryLocks
from application.adapters.postgres.log import PostgresLog
from application.adapters.postgres.pool import Pool, Raw
from application.errors import LogBusyError, StorageError
from tests.adapters.databases import soon
from tests.adapters.logs import story
from tests.postgres import Server, tell, url_of

_ASKED = psycopg.pq.TransactionStatus.ACTIVE


class Opened:
    """A log whose processes have less patience than they would have."""

    def __init__(self, url: str, **limits: float) -> None:
        self.pool = Pool(url, **limits)  # type: ignore[arg-type]
        self.listener = Listener(self.pool)
        self.log = PostgresLog(PostgresDatabase(self.pool, self.listener, "log"))
        self.locks = AdvisoryLocks(self.listener, name=self.pool.name)

    def close(self) -> None:
        self.listener.close()
        self.pool.close()


@pytest.fixture
def opened(postgres_url: str) -> Iterator[Opened]:
    with closing(Opened(postgres_url, busy_seconds=0.2)) as opened:
        yield opened


@contextmanager
def frozen(server: Server) -> Iterator[None]:
    """Stop the server and all that serve connections, without a word to anybody."""
    processes = server.processes()
    for each in processes:
        os.kill(each, signal.SIGSTOP)
    try:
        yield
    finally:
        for each in processes:
            os.kill(each, signal.SIGCONT)


def test_a_frozen_server_is_given_up_and_found_again(
    server: Server, own_url: str
) -> None:
    with closing(
        Opened(own_url, busy_seconds=0.2, statement_seconds=0.3, answer_seconds=0.3)
    ) as opened:
        log = opened.log
        (first,) = log.insert_events(story(1))
        growth = log.growth()
        growth.has_happened()
        with opened.locks.alone("projector") as hold, frozen(server):
            with pytest.raises(StorageError, match="no answer for"):
                log.max_notification_id()
            with pytest.raises(StorageError, match=r"no answer|cannot reach|in use"):
                log.insert_events(story(1))
            assert soon(hold.lost.is_set)

        assert soon(lambda: _answers(log))
        # What was asked of the frozen one may have been done when it went on.
        assert log.max_notification_id() in {first, first + 1}
        log.insert_events(story(1))
        assert soon(growth.has_happened)
        with opened.locks.alone("projector") as again:
            assert again


def test_who_waits_for_an_answer_learns_that_there_will_be_none(
    server: Server, own_url: str
) -> None:
    with (
        closing(Opened(own_url, statement_seconds=600, answer_seconds=0.3)) as opened,
        ThreadPoolExecutor(1) as pool,
    ):
        with opened.pool.lent() as lent, opened.listener.asking():
            pass  # both are open
        with frozen(server):
            waiting = pool.submit(opened.log.max_notification_id)
            assert soon(lambda: lent.info.transaction_status is _ASKED)
            with pytest.raises(StorageError), opened.listener.asking() as connection:
                connection.execute(b"SELECT 1")
            with pytest.raises(StorageError, match="cannot reach"):
                waiting.result(30)


def _answers(log: PostgresLog) -> bool:
    try:
        log.max_notification_id()
    except StorageError:
        return False
    return True


def test_who_needs_the_busy_listener_waits_for_a_moment_only(opened: Opened) -> None:
    is_held, may_go = Event(), Event()

    def hold() -> None:
        with opened.listener.asking():
            is_held.set()
            may_go.wait(60)

    holder = Thread(target=hold)
    holder.start()
    assert is_held.wait(60)
    with (
        pytest.raises(LogBusyError, match="slow to answer"),
        opened.locks.alone("projector"),
    ):
        pass
    growth = opened.log.growth()
    may_go.set()
    holder.join()
    growth.has_happened()
    # The channel that could not be asked for is asked for later.
    opened.log.insert_events(story(1))
    assert soon(growth.has_happened)


def test_news_that_come_with_an_answer_are_heard(opened: Opened) -> None:
    growth = opened.log.growth()
    assert soon(lambda: opened.listener.channels.times_told("flashlog_log") > 0)
    growth.has_happened()
    with opened.listener.asking() as connection:
        connection.execute(b"SELECT 1")
        opened.log.insert_events(story(1))
        # They are in our memory, and the socket has nothing more to read.
        told_before = opened.listener.channels.times_told("flashlog_log")
        _read_all(connection)
        assert opened.listener.channels.times_told("flashlog_log") == told_before

    assert growth.has_happened()


def _read_all(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    deadline = time.monotonic() + 0.2
    while time.monotonic() < deadline:
        connection.pgconn.consume_input()
        time.sleep(0.01)


def test_who_watches_outlives_a_connection_that_is_closed_meanwhile() -> None:
    nobody_has_it = 1_000_000
    assert _ready([nobody_has_it], seconds=30)


def test_more_files_than_select_knows_keep_nobody_from_hearing(
    postgres_url: str,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))
    with ExitStack() as stack:
        stack.callback(resource.setrlimit, resource.RLIMIT_NOFILE, (soft, hard))
        for _ in range(1100):
            stack.callback(os.close, os.open("/dev/null", os.O_RDONLY))
        opened = stack.enter_context(closing(Opened(postgres_url)))
        growth = opened.log.growth()
        assert soon(growth.has_happened)
        opened.log.insert_events(story(1))
        assert soon(growth.has_happened)


def test_a_server_that_prefers_other_ways_to_isolate_changes_nothing(
    postgres_server: str, postgres_url: str
) -> None:
    name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
    unusual = {
        "default_transaction_isolation": "'serializable'",
        "idle_session_timeout": "'1s'",
        "lock_timeout": "'1ms'",
        "client_encoding": "'LATIN1'",
    }
    for setting, value in unusual.items():
        change = f"ALTER DATABASE {name} SET {setting} = {value}"
        tell(postgres_server, change, database=str(name))
    try:
        with (
            closing(Opened(postgres_url)) as one,
            closing(Opened(postgres_url)) as other,
            closing(psycopg.connect(postgres_url)) as holder,
            ThreadPoolExecutor(2) as pool,
        ):
            holder.execute("SET idle_session_timeout = 0")
            holder.execute(
                "SELECT pg_advisory_xact_lock(%s)", (key_of("flashlog_log"),)
            )
            appends = [
                pool.submit(each.log.insert_events, story(1)) for each in (one, other)
            ]
            assert soon(lambda: _waiting(postgres_server) == 2)
            holder.rollback()
            found = sorted(position for each in appends for position in each.result(30))
            assert found == [1, 2]
            with one.pool.lent() as raw:
                assert raw.execute(b"SHOW idle_session_timeout").fetchone() == ("0",)
                assert raw.info.encoding == "utf-8"
    finally:
        tell(postgres_server, f"ALTER DATABASE {name} RESET ALL")


def _waiting(server: str) -> int:
    with psycopg.connect(url_of(server, "postgres")) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
        ).fetchone()
    assert found
    return int(found[0])


@pytest.mark.parametrize(
    "password", ["s3/cret", "12/cret", "s3@cret", "s3%cret", "s3 cret", "1/s3cret?cret"]
)
def test_a_password_that_is_not_encoded_is_not_shown(password: str) -> None:
    with pytest.raises(StorageError, match="%2F") as refusal:
        Pool(f"postgresql://ann:{password}@127.0.0.1:1/flashlog")
    assert "cret" not in str(refusal.value)


def test_a_server_that_is_away_is_tried_by_one_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pool = Pool(f"postgresql://ann@/flashlog?host={tmp_path}")
    tried: list[None] = []
    opens = pool.open

    def open_it() -> Raw:
        tried.append(None)
        return opens()

    monkeypatch.setattr(pool, "open", open_it)
    with closing(Listener(pool)) as listener:
        for _ in range(20):
            with pytest.raises(StorageError, match="cannot reach"), listener.asking():
                pass
    assert len(tried) < 20
