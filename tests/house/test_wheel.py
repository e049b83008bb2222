"""The built wheel, installed with pipx, as a person would: it fetches what it needs."""

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.request import urlopen

import pytest

pytestmark = [
    pytest.mark.process,
    pytest.mark.timeout(600),
    pytest.mark.sqlite("it is installed without the extra for PostgreSQL"),
]
ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def flashlog(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the installed command."""
    directory = tmp_path_factory.mktemp("wheel")
    source = directory / "source"
    _copy_of_source(source)
    _run(
        *(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"),
        *("--no-build-isolation", "--wheel-dir", str(directory), str(source)),
        cwd=directory,
    )
    (wheel,) = directory.glob("flashlog-*.whl")
    places = {
        "PIPX_HOME": str(directory / "pipx"),
        "PIPX_BIN_DIR": str(directory / "bin"),
        "PIPX_MAN_DIR": str(directory / "man"),
        "PIPX_DEFAULT_PYTHON": sys.executable,
    }
    _run(
        *(sys.executable, "-m", "pipx", "install", "--quiet", str(wheel)),
        cwd=directory,
        more=places,
    )
    return directory / "bin" / "flashlog"


def test_the_installed_command_is_the_wheel_and_not_the_checkout(
    flashlog: Path, tmp_path: Path
) -> None:
    python = flashlog.resolve().parent / "python"
    found = _run(
        *(str(python), "-c", "import web, domain, application, wsgi;"),
        cwd=tmp_path,
    )
    assert found == ""
    where = _run(
        *(str(python), "-c", "import application; print(application.__file__)"),
        cwd=tmp_path,
    )
    assert str(flashlog.resolve().parents[1]) in where
    assert "never lie about it" in _run(str(flashlog), "--help", cwd=tmp_path)


def test_the_installed_service_comes_up_and_stops_on_ctrl_c(
    flashlog: Path, tmp_path: Path
) -> None:
    with subprocess.Popen(
        [str(flashlog), "serve", "--bind", "127.0.0.1:0"],
        cwd=tmp_path,
        env=_environment(tmp_path),
        stdout=subprocess.PIPE,
        text=True,
    ) as service:
        assert service.stdout is not None
        try:
            word, _, url = service.stdout.readline().strip().partition(" ")
            assert word == "ready"
            with urlopen(f"{url}/health/ready", timeout=60) as answer:
                assert answer.status == 200
            for path in ("/admin/login/", "/static/console/console.js"):
                with urlopen(url + path, timeout=60) as answer:
                    assert answer.status == 200
        finally:
            service.send_signal(signal.SIGINT)
        assert service.wait(60) == 0


def test_the_installed_demo_ends_as_it_should(flashlog: Path, tmp_path: Path) -> None:
    said = _run(str(flashlog), "demo", cwd=tmp_path)
    assert "4 simulated routers" in said
    assert "all four ended as they should, and the routers agree" in said


def _copy_of_source(target: Path) -> None:
    """Copy what git would ship: a build leaves traces beside its source."""
    named = _run("git", "ls-files", "--cached", "--others", "--exclude-standard")
    for name in named.splitlines():
        path = ROOT / name
        if name.startswith("tests/") or not path.is_file():
            continue
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(path.read_bytes())


def _environment(home: Path) -> dict[str, str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8"}
    return kept | {"FLASHLOG_DATA_DIR": str(home / "data")}


def _run(*command: str, cwd: Path = ROOT, more: Mapping[str, str] | None = None) -> str:
    outside = None if cwd == ROOT else _environment(cwd)
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**os.environ, **more} if more else outside,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
