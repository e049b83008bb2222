"""Commands beside a running service: it does the work, they ask and watch."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from application.settings import Settings
from tests.cli.conftest import AddRouter, Cli
from tests.web.serving import children_of, serving
from web.cli import exits

pytestmark = pytest.mark.process


@pytest.fixture
def _served(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FLASHLOG_UPLOAD_BYTES_PER_SECOND_MAX", "20000")
    with subprocess.Popen(
        [sys.executable, "-m", "web.cli", "serve", "--bind", "127.0.0.1:0"],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdout is not None
        try:
            assert service.stdout.readline().startswith("ready ")
            yield
        finally:
            service.send_signal(signal.SIGTERM)
        assert service.wait(60) == 0


@pytest.mark.usefixtures("_served")
def test_a_person_cancels_what_the_service_uploads(
    cli: Cli, add_router: AddRouter, new_image: Path
) -> None:
    router = add_router("tower")
    before = router.services_running()
    started = cli("upgrade", "tower", new_image, "--json")
    assert started.status == exits.DONE
    operation_id = started.json["id"]
    second = cli("upgrade", "tower", new_image)
    assert second.status == exits.ABORTED
    cancelled = cli("operation", "cancel", operation_id, "--json")
    assert cancelled.status == exits.DONE, cancelled.err
    assert cancelled.json["owed"] == ""
    assert cli("operation", "watch", operation_id).status == exits.CANCELLED
    assert router.flashes == 0
    assert router.services_running() == before
    assert not [name for name in router.files_in_tmp() if name.endswith(".bin")]


@pytest.mark.usefixtures("_served")
def test_a_service_is_found_well_and_only_one_may_run(cli: Cli) -> None:
    assert cli("health", "--service").status == exits.DONE
    second = cli("serve", "--bind", "127.0.0.1:0")
    assert second.status == exits.FAILED
    assert "is running already" in second.err


def test_health_sees_a_web_process_that_no_longer_answers(
    cli: Cli, tmp_path: Path
) -> None:
    settings = Settings(
        data_dir=tmp_path / "data", bind="127.0.0.1:0", log_level="WARNING"
    )
    with serving(settings) as service:
        well = {fact["name"]: fact for fact in cli("health", "--json").json}["web"]
        assert well["is_well"]
        assert well["finding"] == f"{service.url} answers"
        master = service.children()["web"]
        frozen = [master, *children_of(master)]
        for pid in frozen:
            os.kill(pid, signal.SIGSTOP)
        said = cli("health")
        for pid in frozen:
            os.kill(pid, signal.SIGCONT)
        assert said.status == exits.FAILED
        assert f"LOOK web: {service.url} does not answer: timed out" in said.out
    names = {fact["name"] for fact in cli("health", "--json").json}
    assert "web" not in names
