"""A server that goes away, comes back, or is another one than before."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from threading import Event

import psycopg
import pytest

from application.adapters.log.appending import Log
from application.adapters.postgres.pool import Pool
from application.adapters.postgres.storage import PostgresStorage
from application.adapters.vault_key import VaultKeyError
from application.errors import LogBusyError, StorageError
from application.settings import Settings
from application.storage import storage_of
from tests.adapters.databases import soon
from tests.adapters.logs import story
from tests.postgres import Server, tell, url_of

ROOT = Path(__file__).parents[3]
_ALL = "SELECT pid FROM pg_stat_activity WHERE datname = %s"
_LEFT = "SELECT 1 FROM pg_stat_activity WHERE pid = ANY (%s::int[])"


@pytest.fixture
def storage(postgres_url: str, tmp_path: Path) -> Iterator[PostgresStorage]:
    storage = PostgresStorage(postgres_url, tmp_path, connections_max=4)
    yield storage
    storage.close()


@pytest.fixture
def log(storage: PostgresStorage) -> Log:
    return storage.log()


def cut_all(server: str, url: str) -> None:
    """End every connection to a database, as a failing server does."""
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(url_of(server, "postgres"), autocommit=True) as connection:
        found = connection.execute(_ALL, (name,)).fetchall()
        pids = [pid for (pid,) in found]
        connection.execute("SELECT pg_terminate_backend(unnest(%s::int[]))", (pids,))
        # Until their last words have been said.
        assert soon(lambda: connection.execute(_LEFT, (pids,)).fetchone() is None)


def test_after_all_connections_were_cut_the_next_call_works(
    postgres_server: str, postgres_url: str, log: Log
) -> None:
    log.insert_events(story(1))
    for number in range(3):
        cut_all(postgres_server, postgres_url)
        assert log.insert_events(story(1)) == [number + 2]


def test_a_lost_role_is_noticed_and_free(
    postgres_server: str, postgres_url: str, storage: PostgresStorage, tmp_path: Path
) -> None:
    other = PostgresStorage(postgres_url, tmp_path, connections_max=4)
    with storage.locks.alone("projector") as hold:
        assert hold
        ending = hold.ending(Event())
        cut_all(postgres_server, postgres_url)
        assert soon(hold.lost.is_set)
        assert ending.is_set()
        with other.locks.alone("projector") as taken_over:
            assert taken_over
    with storage.locks.alone("projector") as again:
        assert again
    with storage.locks.among("runner"), other.locks.alone("runner") as is_alone:
        assert not is_alone
    other.close()


def test_one_of_many_is_in_its_role_again_after_a_cut(
    postgres_server: str, postgres_url: str, storage: PostgresStorage, tmp_path: Path
) -> None:
    other = PostgresStorage(postgres_url, tmp_path, connections_max=4)

    def is_free() -> bool:
        with other.locks.alone("runner") as is_alone:
            return bool(is_alone)

    with storage.locks.among("runner"):
        with storage.locks.among("runner"):
            cut_all(postgres_server, postgres_url)
            assert soon(lambda: not is_free())
        assert not is_free()
    assert is_free()
    other.close()


def test_who_is_present_stays_so_over_a_cut(
    postgres_server: str, postgres_url: str, storage: PostgresStorage
) -> None:
    def is_any() -> bool:
        return storage.presence.is_any("runner", silent_seconds_max=5)

    with storage.presence.of("runner"):
        assert is_any()
        cut_all(postgres_server, postgres_url)
        assert soon(is_any)


def test_growth_is_noticed_again_after_a_cut(
    postgres_server: str, postgres_url: str, log: Log
) -> None:
    growth = log.growth()
    assert growth.has_happened()
    assert not growth.has_happened()

    cut_all(postgres_server, postgres_url)

    # What came meanwhile may have been missed.
    assert soon(growth.has_happened)
    log.insert_events(story(1))
    assert soon(growth.has_happened)


def test_a_killed_process_leaves_its_roles(
    postgres_url: str, storage: PostgresStorage, tmp_path: Path
) -> None:
    script = (
        "import sys, time; from pathlib import Path\n"
        "from application.adapters.postgres.storage import PostgresStorage\n"
        "s = PostgresStorage(sys.argv[1], Path(sys.argv[2]), connections_max=2)\n"
        "with s.locks.alone('projector'), s.presence.of('runner'):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", script, postgres_url, str(tmp_path)]
    holder = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        with storage.locks.alone("projector") as hold:
            assert not hold
        assert storage.presence.is_any("runner", silent_seconds_max=5)
    finally:
        holder.kill()
        holder.communicate()

    def is_free() -> bool:
        with storage.locks.alone("projector") as hold:
            return bool(hold)

    assert soon(is_free)
    assert soon(lambda: not storage.presence.is_any("runner", silent_seconds_max=5))


def test_a_frozen_writer_does_not_keep_the_others_waiting_for_ever(
    storage: PostgresStorage, postgres_url: str
) -> None:
    with storage.views.reading() as connection:
        (idle,) = connection.execute(
            "SHOW idle_in_transaction_session_timeout"
        ).fetchone()
        (waiting,) = connection.execute("SHOW lock_timeout").fetchone()
    assert (idle, waiting) == ("10s", "5s")
    # The same with less patience: somebody begins to write, and goes no further.
    with closing(psycopg.connect(postgres_url)) as frozen:
        frozen.execute("SET idle_in_transaction_session_timeout = '200ms'")
        frozen.execute("SELECT pg_advisory_xact_lock(%s)", (storage.views.lock_key,))
        with storage.views.writing() as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_statement_that_takes_too_long_is_given_up(
    storage: PostgresStorage,
) -> None:
    def take_long() -> None:
        with storage.views.reading() as connection:
            connection.execute("SELECT set_config('statement_timeout', '50ms', false)")
            connection.execute("SELECT pg_sleep(5)")

    with pytest.raises(LogBusyError, match="statement timeout"):
        take_long()


def test_all_connections_in_use_is_told(storage: PostgresStorage) -> None:
    pool = Pool("postgresql:///x", connections_max=1, busy_seconds=0.05)
    pool._free.acquire()
    with (
        pytest.raises(LogBusyError, match=r"all connections to .* are in use"),
        pool.lent(),
    ):
        pass


# --- a server that is not there ------------------------------------------------------


def test_a_database_that_cannot_be_reached_is_told_without_its_password(
    tmp_path: Path,
) -> None:
    for url, place in {
        "postgresql://ann:s3cret@127.0.0.1:1/flashlog": "//127.0.0.1:1/flashlog",
        f"postgresql://ann:s3cret@/fl?host={tmp_path}": f"//{tmp_path}/fl",
    }.items():
        with pytest.raises(StorageError) as refusal:
            storage_of(Settings(data_dir=tmp_path, database_url=url))
        assert f"cannot reach postgresql:{place} (" in str(refusal.value)
        assert str(refusal.value).endswith("): try again when it runs")
        assert "s3cret" not in str(refusal.value)


def test_a_url_that_is_none_is_told(tmp_path: Path) -> None:
    url = "postgresql://ann:s3cret@db/x?nonsense=1"
    with pytest.raises(StorageError, match="none that PostgreSQL knows") as refusal:
        storage_of(Settings(data_dir=tmp_path, database_url=url))
    assert "s3cret" not in str(refusal.value)


def test_another_machine_without_the_key_of_the_vault_is_told(
    storage: PostgresStorage, postgres_url: str, tmp_path: Path
) -> None:
    storage.vault.put("secret", b"x")
    (tmp_path / "there").mkdir()
    there = PostgresStorage(postgres_url, tmp_path / "there", connections_max=2)
    with pytest.raises(VaultKeyError, match=r"vault.key is missing"):
        _ = there.vault
    (tmp_path / "there" / "vault.key").write_bytes(
        (tmp_path / "vault.key").read_bytes()
    )
    (tmp_path / "there" / "vault.key").chmod(0o600)
    assert there.session_key() == storage.session_key()
    there.close()


# --- a server of these tests' own ----------------------------------------------------


def test_a_server_that_crashes_and_comes_back_has_everything(
    server: Server, own_url: str, tmp_path: Path
) -> None:
    storage = PostgresStorage(own_url, tmp_path, connections_max=4)
    log = storage.log()
    growth = log.growth()
    assert log.insert_events(story(3)) == [1, 2, 3]
    assert growth.has_happened()

    server.stop()
    for _ in range(3):
        with pytest.raises(StorageError, match="cannot reach"):
            log.insert_events(story(1))
        with pytest.raises(StorageError, match="cannot reach"):
            log.max_notification_id()
    growth.has_happened()
    server.start()

    assert log.max_notification_id() == 3
    assert log.insert_events(story(1)) == [4]
    assert soon(growth.has_happened)

    # A primary that was made a standby: it can be read, and says that it is no more.
    tell(
        str(server.directory),
        "ALTER SYSTEM SET default_transaction_read_only = on",
    )
    tell(str(server.directory), "SELECT pg_reload_conf()")
    assert soon(lambda: _is_refused(log))
    with pytest.raises(StorageError, match=r"read-only|can only be read"):
        log.insert_events(story(1))
    _again_writable(server)
    assert soon(lambda: not _is_refused(log))
    storage.close()


def _is_refused(log: Log) -> bool:
    try:
        log.insert_events(story(1))
    except StorageError:
        return True
    return False


def _again_writable(server: Server) -> None:
    url = url_of(str(server.directory), "postgres")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute("ALTER SYSTEM RESET default_transaction_read_only")
        connection.execute("SELECT pg_reload_conf()")


def test_a_frozen_server_is_given_up_by_who_connects(
    server: Server, own_url: str, tmp_path: Path
) -> None:
    server.send(signal.SIGSTOP)
    try:
        with pytest.raises(StorageError, match="timeout expired"):
            PostgresStorage(own_url, tmp_path, connections_max=2)
    finally:
        server.send(signal.SIGCONT)


def test_a_connection_that_comes_back_after_the_end_is_closed(
    postgres_url: str,
) -> None:
    pool = Pool(postgres_url)
    with pool.lent() as connection:
        pool.close()
        assert connection.execute(b"SELECT 1").fetchone() == (1,)
    assert connection.closed
