"""Whatever is asked, a person gets a sentence and a documented status."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Cli
from web.cli import exits

NOT_UTF8 = os.fsdecode(b"\xff")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"FLASHLOG_DATA_DIR": str(tmp_path / "data")}


@pytest.mark.parametrize(
    "words",
    [
        ("device", "show", NOT_UTF8),
        ("image", "add", NOT_UTF8),
        ("user", "add", "maria", "--organization", NOT_UTF8, "--password-stdin"),
        (NOT_UTF8,),
    ],
)
def test_arguments_that_are_no_text_are_refused(cli: Cli, words: list[str]) -> None:
    said = cli(*words)
    assert said.status == exits.USAGE
    assert "is not text in UTF-8" in said.err


def test_a_reader_who_leaves_is_no_trouble_and_no_success(
    environment: dict[str, str],
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "web.cli", "--help"],
        env=environment,
        stdout=writing,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (exits.UNREAD, b"")


def test_a_full_disk_is_told_in_a_sentence(environment: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", "device", "list", "--json"],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    assert (done.returncode, done.stderr) == (
        exits.FAILED,
        b"flashlog: No space left on device\n",
    )


def test_a_password_that_is_no_text_is_refused(environment: dict[str, str]) -> None:
    for locale in ("C", "C.UTF-8"):
        done = subprocess.run(
            [sys.executable, "-m", "web.cli", "user", "add", "a", "--password-stdin"],
            env=environment | {"LC_ALL": locale},
            input=b"\xff\xfe\n",
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == exits.USAGE
        assert b"not text in UTF-8" in done.stderr


def test_without_an_output_there_is_no_trouble(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert cli("organization", "list").status == exits.DONE


def test_who_interrupts_before_there_is_a_command_sees_no_traceback() -> None:
    # Interrupted the moment the command line is asked for.
    slow = (
        "import os, signal, sys, importlib.abc\n"
        "class Finder(importlib.abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'web.cli.main':\n"
        "            os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from web.cli.entry import main\n"
        "main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", slow], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGINT
    assert done.stderr == ""
