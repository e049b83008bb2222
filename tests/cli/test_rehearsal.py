"""`flashlog simulate` and the demo's own commands, wherever they are started."""

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from web.cli import exits
from web.cli.demo.service import Installation

pytestmark = pytest.mark.process


def test_a_stranger_rehearses_with_what_simulate_prints(
    cli: Cli, tmp_path: Path
) -> None:
    image = tmp_path / "rehearsal.bin"
    with subprocess.Popen(
        [sys.executable, "-m", "web.cli", "simulate", "--image", image],
        cwd=Path(__file__).parents[2],
        env=dict(os.environ),
        stdout=subprocess.PIPE,
        text=True,
    ) as fleet:
        assert fleet.stdout is not None
        try:
            said, _, add = fleet.stdout.readline().partition(" | ")
            _, password = shlex.split(said)
            _, *arguments = shlex.split(add)
            assert cli(*arguments, stdin=password).status == exits.DONE
            assert cli("device", "check", "router-0001").status == exits.DONE
            done = cli("upgrade", "router-0001", image)
            assert done.status == exits.DONE, done.out + done.err
        finally:
            fleet.send_signal(signal.SIGINT)
        assert fleet.wait(30) == exits.DONE


def test_an_image_to_rehearse_with_replaces_no_file(cli: Cli, tmp_path: Path) -> None:
    mine = tmp_path / "mine.bin"
    mine.write_text("precious")
    said = cli("simulate", "--image", mine)
    assert said.status == exits.USAGE
    assert "exists already" in said.err
    assert mine.read_text() == "precious"


def test_the_demo_takes_no_packages_from_where_it_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("web", "application", "domain"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('not ours')")
    monkeypatch.chdir(tmp_path)
    installation = Installation(tmp_path, {"FLASHLOG_BIND": "127.0.0.1:0"})
    assert installation.command("device", "list") == []
    with installation.serving() as url:
        assert url.startswith("http://127.0.0.1:")


def test_what_cannot_be_played_is_refused(cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "broken.jsonl"
    path.write_text("{}")
    said = cli("simulate", "--recording", path)
    assert said.status == 2
    assert f"{path} cannot be played: line 1 is none of a recording" in said.err
