"""Files that are locked or full, and clocks that are stepped, amid an upgrade."""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from application.adapters import clock as clocks
from application.adapters.sqlite import connections as sqlite
from application.adapters.sqlite.connections import Connections, explained
from application.errors import StorageError
from application.simulation import Fleet
from application.simulation.setup import Setup
from domain.operation.words import Status
from tests.procedure.moments import Moments, WatchedConnector, watch_appends
from tests.procedure.test_adversary import running
from tests.procedure.world import World, eventually
from tests.routers.face import Router

SETUP = Setup(reboot_seconds=0.2, write_seconds=0.05, start_seconds=0.05)
TROUBLE_SECONDS = 0.7
_MOMENTS = (
    "before append UploadBegun",
    "before append FlashBegun+FlashAllowed",
    # Recorded, and not yet sent; sent, and not yet recorded that it was.
    "after append FlashBegun+FlashAllowed",
    "after flash",
)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with Fleet([SETUP]) as fleet:
        router = cast("Router", fleet.routers[0])
        world = World(tmp_path, router, lease_seconds=0.6)
        try:
            yield world
        finally:
            world.close()


def upgraded_with(
    world: World, tmp_path: Path, moment: str, act: Callable[[], None]
) -> None:
    """Upgrade, and let something happen at one moment; all ends as without it."""
    moments = Moments(tmp_path / "trail", moment, act)
    world.flashlog.connector = WatchedConnector(world.flashlog.connector, moments)
    watch_appends(world.flashlog, moments)
    operation_id = world.start()
    with running(world, threading.Event()):
        eventually(
            lambda: world.operation(operation_id).is_settled,
            limit_seconds=30,
            why=world.story(operation_id),
        )
        end = world.flashlog.log.end()
        eventually(lambda: world.flashlog.views.position() == end)
    assert f"{moment}\n" in (tmp_path / "trail").read_text()
    assert world.operation(operation_id).status is Status.SUCCESS
    assert world.router.flashes == 1
    shown = world.flashlog.views.one("operation", str(operation_id))
    assert shown
    assert shown["status"] == "success"


def locked(path: Path) -> Callable[[], None]:
    """Let another process have a file for a while."""

    def lock() -> None:
        holder = sqlite3.connect(path, check_same_thread=False, timeout=10)
        holder.execute("BEGIN IMMEDIATE")
        threading.Timer(TROUBLE_SECONDS, holder.close).start()

    return lock


@contextmanager
def impatient(connections: Connections) -> Iterator[None]:
    """Let nobody wait as long for a lock as it is held."""
    waited, connections._busy_seconds = connections._busy_seconds, 0.1
    connections.close()
    try:
        yield
    finally:
        connections._busy_seconds = waited


@pytest.mark.sqlite("its files; PostgreSQL: test_storage_postgres")
@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("file", ["log", "views"])
def test_a_file_that_others_lock_for_long_delays_an_upgrade_and_no_more(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    moment: str,
) -> None:
    refusals = list[str]()

    def told(error: BaseException, path: Path) -> StorageError:
        refusals.append(str(error))
        return explained(error, path)

    monkeypatch.setattr(sqlite, "explained", told)
    connections = connections_of(world, file)
    with impatient(connections):
        upgraded_with(world, tmp_path, moment, locked(connections.path))
    assert "database is locked" in refusals


@pytest.mark.sqlite("its files; PostgreSQL: test_storage_postgres")
@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("file", ["log", "views"])
def test_a_full_disk_delays_an_upgrade_and_no_more(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    moment: str,
) -> None:
    connections = connections_of(world, file)
    full, refusals = threading.Event(), list[str]()
    writing = connections.writing

    @contextmanager
    def without_room(**how: Any) -> Iterator[Any]:
        if full.is_set():
            refusals.append(moment)
            error = sqlite3.OperationalError("database or disk is full")
            raise explained(error, connections.path)
        with writing(**how) as connection:
            yield connection

    def fill() -> None:
        full.set()
        threading.Timer(TROUBLE_SECONDS, full.clear).start()

    monkeypatch.setattr(connections, "writing", without_room)
    upgraded_with(world, tmp_path, moment, fill)
    assert refusals


@pytest.mark.parametrize("moment", _MOMENTS)
@pytest.mark.parametrize("hours", [-1, 48])
def test_a_clock_that_is_stepped_changes_no_outcome(
    world: World,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    hours: int,
    moment: str,
) -> None:
    stepped = timedelta()

    class Stepped(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + stepped

    def step() -> None:
        nonlocal stepped
        stepped = timedelta(hours=hours)

    monkeypatch.setattr(clocks, "datetime", Stepped)
    upgraded_with(world, tmp_path, moment, step)


def connections_of(world: World, file: str) -> Connections:
    flashlog: Any = world.flashlog
    found: Connections = (
        flashlog.log.recorder._connections
        if file == "log"
        else flashlog.turns._database
    )
    return found
