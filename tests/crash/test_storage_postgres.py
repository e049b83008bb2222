"""PostgreSQL without room, or kept busy by somebody, amid an upgrade."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import psycopg
import pytest

from application.adapters.postgres import database
from application.adapters.postgres.errors import explained
from application.errors import LogBusyError, LogFullError, StorageError
from application.simulation import Fleet
from tests.crash.test_storage import SETUP, TROUBLE_SECONDS, upgraded_with
from tests.procedure.world import World
from tests.routers.face import Router

_MOMENTS = ("before append FlashBegun+FlashAllowed", "after flash")
# Every statement that writes is refused while there is a row, by the server itself.
_REFUSING = """
CREATE SCHEMA flashlog_test;
CREATE TABLE flashlog_test.full_since (at TIMESTAMPTZ);
CREATE FUNCTION flashlog_test.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM flashlog_test.full_since) THEN
    RAISE 'could not extend file: No space left on device' USING ERRCODE = '53100';
  END IF;
  RETURN NULL;
END $$;
"""
_TABLES = "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables"


@pytest.fixture
def client(postgres_url: str) -> Iterator[psycopg.Connection]:
    """Somebody else at the same database."""
    with psycopg.connect(postgres_url, autocommit=True) as client:
        yield client


@pytest.fixture
def world(tmp_path: Path, postgres_url: str) -> Iterator[World]:
    with Fleet([SETUP]) as fleet:
        router = cast("Router", fleet.routers[0])
        world = World(
            tmp_path,
            router,
            lease_seconds=0.6,
            database_url=postgres_url,
            database_busy_seconds=0.1,
        )
        try:
            yield world
        finally:
            world.close()


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[StorageError]:
    """All that was said of what the server has refused."""
    said = list[StorageError]()

    def note(error: psycopg.Error, name: str) -> StorageError:
        said.append(explained(error, name))
        return said[-1]

    monkeypatch.setattr(database, "explained", note)
    return said


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("part", ["log", "views"])
def test_a_full_disk_of_the_server_delays_an_upgrade_and_no_more(
    world: World,
    tmp_path: Path,
    client: psycopg.Connection,
    told: list[StorageError],
    part: str,
    moment: str,
) -> None:
    client.execute(_REFUSING)
    for table in tables(client, part):
        client.execute(
            "CREATE TRIGGER a_full_disk BEFORE INSERT OR UPDATE OR DELETE"
            f" ON {table} EXECUTE FUNCTION flashlog_test.refuse()".encode()
        )

    def fill() -> None:
        client.execute("INSERT INTO flashlog_test.full_since VALUES (now())")
        threading.Timer(TROUBLE_SECONDS, free).start()

    def free() -> None:
        client.execute("DELETE FROM flashlog_test.full_since")

    upgraded_with(world, tmp_path, moment, fill)
    assert any(isinstance(each, LogFullError) for each in told)


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("part", ["log", "views"])
def test_tables_that_others_lock_for_long_delay_an_upgrade_and_no_more(
    world: World,
    tmp_path: Path,
    client: psycopg.Connection,
    told: list[StorageError],
    part: str,
    moment: str,
) -> None:
    locked = ", ".join(tables(client, part))
    held = ExitStack()

    def lock() -> None:
        held.enter_context(client.transaction())
        client.execute(f"LOCK TABLE {locked} IN EXCLUSIVE MODE".encode())
        threading.Timer(TROUBLE_SECONDS, held.close).start()

    upgraded_with(world, tmp_path, moment, lock)
    assert any(isinstance(each, LogBusyError) for each in told)


def tables(client: psycopg.Connection, part: str) -> list[str]:
    found = client.execute(
        f"{_TABLES} WHERE schemaname = 'flashlog_{part}'".encode()
    ).fetchall()
    return [name for (name,) in found]
