"""Several web servers and runners make one installation."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest

from application.flashlog import Flashlog
from application.settings import Settings, environment_of
from tests.web import examples
from tests.web.conftest import API, token_for
from tests.web.serving import ROOT, Service, eventually, serving

pytestmark = pytest.mark.process

_LIST = f"{API}/upgrade-operation/"


def test_web_servers_share_an_installation_and_one_of_them_projects(
    tmp_path: Path, postgres_url: str
) -> None:
    """What one took in is shown by the other, also when the projecting one is gone."""
    settings = Settings(
        data_dir=tmp_path / "one",
        database_url=postgres_url,
        bind="127.0.0.1:0",
        heartbeat_seconds=3,
        log_level="WARNING",
    )
    elsewhere = msgspec.structs.replace(settings, data_dir=tmp_path / "other")
    Flashlog(settings).close()
    elsewhere.data_dir.mkdir()
    # The key of the vault is the one thing that is copied from machine to machine.
    shutil.copy(settings.data_dir / "vault.key", elsewhere.data_dir)
    with (
        serving(settings, as_web_alone=True) as first,
        serving(elsewhere, as_web_alone=True) as second,
        closing(Flashlog(elsewhere)) as here,
    ):
        key = token_for(here, "admin", is_superuser=True)
        assert here.is_served()
        assert not here.is_worked()
        status, found = first.get("/health/ready")
        assert (status, found["down"]) == (503, ["runner"])
        with _runner(elsewhere):
            eventually(lambda: _is_ready(first) and _is_ready(second))
        with second.follow("after=end", key) as feed:
            while feed.receive()["type"] != "caught_up":
                pass
            first.signal(signal.SIGKILL)
            operation_id = examples.operation(here)
            while feed.receive().get("subject") != str(operation_id):
                pass
        eventually(lambda: _shown(second, key) == [str(operation_id)])


def _is_ready(service: Service) -> bool:
    return service.get("/health/ready")[0] == 200


def _shown(service: Service, key: str) -> list[str]:
    return [each["id"] for each in service.get(_LIST, key)[1]["results"]]


@contextmanager
def _runner(settings: Settings) -> Iterator[None]:
    with subprocess.Popen(
        [sys.executable, "-P", "-m", "web.cli", "runner"],
        cwd=ROOT,
        env=os.environ | environment_of(settings) | {"PYTHONPATH": str(ROOT)},
    ) as process:
        try:
            yield
        finally:
            process.kill()
