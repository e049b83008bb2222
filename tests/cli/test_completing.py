"""Shell completion: what is offered, how fast, and never an error."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest
from click.shell_completion import BashComplete

from tests.cli.answering import Answer, Asked, answering
from tests.cli.conftest import Cli
from tests.cli.test_devices import ROOF
from web.cli import completing, exits
from web.cli.main import cli as root


def offered(*words: str) -> list[str]:
    """What is offered behind some words; the last one is not typed to its end."""
    complete = BashComplete(root, {}, "flashlog", "_FLASHLOG_COMPLETE")
    found = complete.get_completions(list(words[:-1]), words[-1])
    return [item.value for item in found if item.type == "plain"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_what_it_understands(
    cli: Cli, shell: str, tmp_path: Path
) -> None:
    said = cli("completion", shell)
    assert said.status == exits.DONE
    assert "_FLASHLOG_COMPLETE" in said.out
    program = shutil.which(shell)
    if program is not None:
        script = tmp_path / "completion"
        script.write_text(said.out)
        subprocess.run([program, "-n", str(script)], check=True, timeout=60)
    assert cli("completion", "cmd").status == exits.USAGE


def test_commands_and_names_are_offered(
    cli: Cli, new_image: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completing, "_SECONDS_MAX", 30)
    assert cli(*ROOF, "--empty-password").status == exits.DONE
    image = cli("image", "add", new_image, "--json").json
    assert offered("dev") == ["device"]
    assert offered("device", "show", "") == ["roof"]
    assert offered("upgrade", "RO") == ["roof"]
    assert offered("upgrade", "x") == []
    assert offered("operation", "list", "--device", "roof") == ["roof"]
    assert offered("upgrade", "roof", "n") == ["new.bin"]
    assert offered("image", "show", "") == ["new.bin"]
    assert offered("batch", "start", "24") == [image["version"]]
    assert offered("operation", "show", "") == []
    assert offered("batch", "show", "3f") == []


def test_nothing_is_made_and_nothing_is_said_where_there_is_nothing(
    cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert offered("device", "show", "") == []
    assert not (tmp_path / "data").exists()
    monkeypatch.setenv("FLASHLOG_RETRIES_MAX", "many")
    assert offered("device", "show", "") == []
    monkeypatch.setenv("FLASHLOG_URL", "nonsense://")
    monkeypatch.setenv("FLASHLOG_TOKEN", "x")
    assert offered("device", "show", "") == []
    assert capsys.readouterr() == ("", "")


_ENOUGH = Event()


def _service(asked: Asked) -> Answer:
    if asked.path.startswith("/api/v1/controller/device/"):
        rows = [{"name": "tower-1"}, {"name": "north-tower"}]
        return Answer(200, {"results": rows, "next": None})
    assert _ENOUGH.wait(60)
    return Answer(200, {"results": [], "next": None})


@pytest.fixture
def _logged_in(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with answering(_service) as found:
        monkeypatch.setenv("FLASHLOG_URL", found.url)
        monkeypatch.setenv("FLASHLOG_TOKEN", "x")
        yield
        _ENOUGH.set()


@pytest.mark.usefixtures("_logged_in")
def test_a_service_is_asked_for_its_names_and_not_waited_for(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completing, "_SECONDS_MAX", 30)
    assert offered("device", "show", "Tow") == ["tower-1"]
    monkeypatch.setattr(completing, "_SECONDS_MAX", 0.1)
    # Nobody answers this before the test has ended.
    assert offered("batch", "show", "") == []
