"""One command keeps web, runner and projector up, and stops them all."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import msgspec
import pytest

from application.adapters.present_files import PresentFiles
from application.flashlog import Flashlog
from application.settings import Settings
from tests.web import examples
from tests.web.conftest import API, token_for
from tests.web.serving import ROOT, Service, eventually, serving
from web.serve import ServeError, serve

pytestmark = pytest.mark.process

LIST = f"{API}/upgrade-operation/"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        data_dir=tmp_path / "data",
        bind="127.0.0.1:0",
        heartbeat_seconds=3,
        log_level="WARNING",
    )


def test_one_command_serves_and_stops_gracefully_with_every_socket_closed(
    settings: Settings,
) -> None:
    with serving(settings) as service:
        assert service.get("/health/ready") == (200, {"status": "up", "down": []})
        here = Flashlog(settings)
        key = token_for(here, "admin", is_superuser=True)
        operation_id = examples.operation(here)
        listeners = [service.listen(operation_id, key) for _ in range(20)]
        for each in listeners:
            each.ask()
        here.close()
        service.process.terminate()
        codes = [each.close_code() for each in listeners]
        assert service.process.wait(60) == 0
        assert codes == [1001] * 20
        assert not here.is_served()


@pytest.mark.parametrize("part", ["web", "runner", "projector"])
def test_a_part_that_is_killed_is_started_again(settings: Settings, part: str) -> None:
    with serving(settings) as service:
        before = service.children()
        os.kill(before[part], signal.SIGKILL)
        eventually(lambda: service.children().get(part, 0) not in {0, before[part]})
        eventually(lambda: _is_ready(service))
        others = {name: pid for name, pid in before.items() if name != part}
        assert others.items() <= service.children().items()


def test_parts_keep_to_few_heaps(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MALLOC_ARENA_MAX", raising=False)
    with serving(settings) as service:
        assert {_heaps_of(pid) for pid in service.children().values()} == {"2"}


def test_who_runs_the_service_says_how_many_heaps_its_parts_have(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MALLOC_ARENA_MAX", "7")
    with serving(settings) as service:
        assert {_heaps_of(pid) for pid in service.children().values()} == {"7"}


def _heaps_of(pid: int) -> str:
    entries = Path(f"/proc/{pid}/environ").read_text().split("\0")
    return dict(entry.split("=", 1) for entry in entries if entry)["MALLOC_ARENA_MAX"]


def test_health_names_the_part_that_is_frozen(settings: Settings) -> None:
    with serving(settings) as service:
        os.kill(service.children()["runner"], signal.SIGSTOP)
        eventually(lambda: not _is_ready(service))
        assert service.get("/health/ready")[1]["down"] == ["runner"]
        assert service.get("/health/live")[0] == 200
        os.kill(service.children()["runner"], signal.SIGCONT)
        eventually(lambda: _is_ready(service))


def test_the_parts_do_not_outlive_a_killed_supervisor(settings: Settings) -> None:
    with serving(settings) as service:
        children = service.children().values()
        service.process.kill()
        service.process.wait()
        eventually(lambda: not any(map(_is_running, children)))


def test_an_operation_that_begins_before_a_restart_goes_on_after_it(
    settings: Settings,
) -> None:
    with serving(settings) as service:
        here = Flashlog(settings)
        key = token_for(here, "admin", is_superuser=True)
        operation_id = examples.operation(here)
        service.stop()
        here.close()
    with serving(settings) as service:
        status, shown = service.get(f"{LIST}{operation_id}/", key)
        assert status == 200
        assert shown["status"] == "in-progress"


def test_a_second_service_on_the_same_data_is_refused(settings: Settings) -> None:
    with serving(settings) as service:
        with pytest.raises(ServeError, match="is running already"):
            serve(settings)
        assert _is_ready(service)


def test_ctrl_c_stops_everything_and_is_no_error(settings: Settings) -> None:
    with serving(settings) as service:
        children = service.children().values()
        service.signal(signal.SIGINT)
        assert service.process.wait(60) == 0
        assert not any(map(_is_running, children))


def test_an_address_in_use_is_said_in_a_sentence(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServeError, match="choose another address with --bind"):
            serve(settings, bind=f"127.0.0.1:{port}")


@pytest.mark.parametrize("bind", ["0.0.0.0:0", "[::]:0", "192.0.2.1:80"])
def test_an_address_for_all_the_world_needs_a_proxy(
    settings: Settings, bind: str
) -> None:
    with pytest.raises(ServeError, match="--behind-proxy"):
        serve(settings, bind=bind)


@pytest.mark.parametrize(
    "bind", ["", "8000", "localhost", "localhost:http", "127.0.0.1:65536", "[::1]:x"]
)
def test_nonsense_is_no_address(settings: Settings, bind: str) -> None:
    with pytest.raises(ServeError, match="say host:port"):
        serve(msgspec.structs.replace(settings, bind=bind))


def test_behind_a_proxy_links_and_limits_follow_what_it_says(
    settings: Settings,
) -> None:
    proxied = msgspec.structs.replace(
        settings,
        behind_proxy=True,
        bind="0.0.0.0:0",
        allowed_hosts="flashlog.example",
        token_rate_limit="1/day",
        page_size=1,
    )
    with serving(proxied) as service:
        here = Flashlog(proxied)
        key = token_for(here, "admin", is_superuser=True)
        examples.operation(here)
        examples.operation(here)
        here.close()
        headers = {
            "X-Forwarded-For": "203.0.113.5",
            "X-Forwarded-Proto": "https",
            "X-Forwarded-Host": "flashlog.example",
            "Authorization": f"Bearer {key}",
        }
        listed = _curl(service, LIST, headers)
        assert f'"next":"https://flashlog.example{LIST}?page=2"' in listed
        token = "/api/v1/users/token/"
        assert "405" in _curl(service, token, headers)
        assert "429" in _curl(service, token, headers)
        other = headers | {"X-Forwarded-For": "203.0.113.6"}
        assert "405" in _curl(service, token, other)


def test_packages_of_the_same_name_where_it_is_started_are_not_ours(
    tmp_path: Path,
) -> None:
    for name in ("web", "application", "domain", "wsgi", "gunicorn"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not ours')")
    settings = Settings(data_dir=Path("data"), bind="127.0.0.1:0", log_level="WARNING")
    with serving(settings, directory=tmp_path):
        assert (tmp_path / "data" / "images").is_dir()


def test_presence_ends_with_the_block_and_tells_the_dead_from_the_living(
    tmp_path: Path,
) -> None:
    presence = PresentFiles(tmp_path)
    assert not presence.is_any("runner", silent_seconds_max=5)
    with presence.of("runner"):
        assert presence.is_any("runner", silent_seconds_max=5)
        assert not presence.is_any("projector", silent_seconds_max=5)
    assert not presence.is_any("runner", silent_seconds_max=5)
    (tmp_path / "present" / "runner.1").touch()
    assert not presence.is_any("runner", silent_seconds_max=5)
    assert list((tmp_path / "present").iterdir()) == []


def test_a_stop_that_comes_in_the_middle_of_waiting_for_it_is_heard() -> None:
    waiting = """
import signal
from application.stopping import stop_at_signals
stop = stop_at_signals()
print("waiting", flush=True)
while not stop.wait(0):
    pass
"""
    for _ in range(10):
        with subprocess.Popen(
            [sys.executable, "-c", waiting], stdout=subprocess.PIPE, cwd=ROOT
        ) as process:
            try:
                assert process.stdout is not None
                process.stdout.readline()
                process.terminate()
                assert process.wait(60) == 0
            finally:
                process.kill()


def _curl(service: Service, path: str, headers: dict[str, str]) -> str:
    """Return status line, headers and body as they come over the wire."""
    port = urlsplit(service.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        lines = [f"{name}: {value}" for name, value in headers.items()]
        text = "\r\n".join(
            [f"GET {path} HTTP/1.1", "Host: x", "Connection: close", *lines]
        )
        connection.sendall(f"{text}\r\n\r\n".encode())
        pieces = []
        while piece := connection.recv(65536):
            pieces.append(piece)
    return b"".join(pieces).decode()


def _is_ready(service: Service) -> bool:
    try:
        return service.get("/health/ready")[0] == 200
    except OSError:
        return False


def _is_running(pid: int) -> bool:
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    return bool(state) and not state.startswith("Z")
