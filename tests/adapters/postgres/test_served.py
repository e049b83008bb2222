"""What a served installation does when PostgreSQL fails it, and afterwards."""

import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from application.adapters.postgres.keys import key_of
from application.flashlog import Flashlog
from application.settings import Settings, environment_of
from tests.adapters.postgres.test_waiting import frozen
from tests.postgres import Server, tell, url_of
from tests.web.conftest import API, token_for
from tests.web.serving import ROOT, Service, Socket, eventually, serving

pytestmark = pytest.mark.process

_SENTENCES = {
    "The store is busy and nothing was written: try again.",
    "The store cannot be used just now.",
    "The vault cannot be used just now.",
}


@contextmanager
def killed(server: Server, _: str) -> Iterator[None]:
    server.stop()
    yield
    server.start()


@contextmanager
def silent(server: Server, _: str) -> Iterator[None]:
    with frozen(server):
        yield


@contextmanager
def read_only(server: Server, url: str) -> Iterator[None]:
    """As it is while it fails over: connections are cut, and only reading is left."""
    directory, name = str(server.directory), str(_name(url))
    tell(directory, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    _cut(server, name)
    yield
    with psycopg.connect(url_of(directory, "postgres"), autocommit=True) as connection:
        connection.execute(
            f"ALTER DATABASE {name} RESET default_transaction_read_only".encode()
        )
    _cut(server, name)


@contextmanager
def slow(_: Server, url: str) -> Iterator[None]:
    """Somebody keeps the lock that orders appends."""
    with closing(psycopg.connect(url)) as holder:
        holder.execute("SELECT pg_advisory_xact_lock(%s)", (key_of("flashlog_log"),))
        yield


FAULTS: dict[str, Callable[[Server, str], AbstractContextManager[None]]] = {
    "killed": killed,
    "frozen": silent,
    "read-only": read_only,
    "slow": slow,
}


def _name(url: str) -> Any:
    return psycopg.conninfo.conninfo_to_dict(url)["dbname"]


def _cut(server: Server, name: str) -> None:
    tell(
        str(server.directory),
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        f" WHERE datname = '{name}'",
    )


@pytest.fixture
def settings(own_url: str, tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        database_url=own_url,
        database_busy_seconds=1,
        database_statement_seconds=3,
        database_answer_seconds=2,
        restart_backoff_max_seconds=1,
        request_rate_limit="off",
        bind="127.0.0.1:0",
        log_level="ERROR",
    )


@pytest.mark.parametrize("name", FAULTS)
def test_a_service_lives_through_what_its_database_does(
    name: str, server: Server, own_url: str, settings: Settings
) -> None:
    with closing(Flashlog(settings)) as flashlog:
        key = token_for(flashlog, "admin", is_superuser=True)
    with serving(settings) as service, service.follow("after=end", key) as feed:
        _until(feed, "caught_up")
        parts = service.children()
        with FAULTS[name](server, own_url):
            status, answer = _add(service, key, "during")
            assert (status, answer.get("detail") in _SENTENCES) == (503, True)
            assert service.get("/health/live")[0] == 200
            assert _told_by_command_line(settings, name)
        eventually(partial(_is_added, service, key), seconds=60)
        heard = _heard_until(feed, "after")
        eventually(lambda: service.get("/health/ready")[0] == 200, seconds=60)
        # Nobody had to be started again for that.
        assert service.children() == parts
        positions = [each["position"] for each in heard if "position" in each]
        assert positions == sorted(positions)
        told = [each["id"] for each in heard if "id" in each]
        assert len(told) == len(set(told))


def _add(service: Service, key: str, name: str) -> tuple[int, Any]:
    request = urllib.request.Request(
        f"{service.url}{API}/category/",
        json.dumps({"name": name}).encode(),
        {"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def _is_added(service: Service, key: str) -> bool:
    status, answer = _add(service, key, "after")
    # An earlier try may have been written, though its answer was lost or it was not
    # shown yet.
    return status == 201 or "unique" in str(answer)


def _until(feed: Socket, kind: str) -> None:
    while feed.receive()["type"] != kind:
        pass


def _heard_until(feed: Socket, name: str) -> list[dict[str, Any]]:
    """Take what is told up to where a category is."""
    heard = []
    while True:
        heard.append(feed.receive())
        if heard[-1].get("data", {}).get("name") == name:
            return heard


def _told_by_command_line(settings: Settings, name: str) -> bool:
    if name != "killed":
        return True
    done = subprocess.run(
        [sys.executable, "-P", "-m", "web.cli", "device", "list"],
        cwd=ROOT,
        env=os.environ | environment_of(settings) | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return (
        done.returncode == 1
        and "cannot reach postgresql:" in done.stderr
        and "Traceback" not in done.stderr
    )
