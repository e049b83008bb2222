"""The documentation tells the truth where a machine can tell."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from tests.house import pages
from web.cli.main import cli as root

ROOT = Path(__file__).parents[2]
TEXTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")])
# A command at the beginning of a line, with a variable before it, or in a pipe.
_TYPED = r"(?:^ +(?:\w+=\S+ )?|\| |\$\()flashlog ([a-z][^|;&)\n]*)"


def test_the_settings_page_is_what_the_settings_are() -> None:
    assert pages.SETTINGS.read_text() == pages.render_settings(), "run `make pages`"


def test_the_exit_statuses_are_those_of_the_command_line() -> None:
    text = pages.TROUBLESHOOTING.read_text()
    assert text == pages.render_troubleshooting(text), "run `make pages`"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_link_leads_to_a_file(path: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", path.read_text())
    missing = [
        link
        for link in links
        if "://" not in link and not (path.parent / link).exists()
    ]
    assert missing == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_test_that_is_named_exists(path: Path) -> None:
    named = re.findall(r"`(tests/[\w/.-]+)`", path.read_text())
    assert [name for name in named if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_command_and_option_that_is_shown_exists(path: Path) -> None:
    unknown = []
    for line in _shell_lines(path.read_text()):
        for words in re.findall(r"(?<![/\w-])flashlog ([a-z][^|;&)]*)", line):
            unknown += _unknown(words.split())
    assert unknown == []


def test_every_example_of_the_help_exists() -> None:
    unknown = []
    for path, command in _commands(root):
        # The one-line form of what a backslash continues.
        text = re.sub(r"'[^']*'", "QUOTED", (command.help or "").replace("\\\n", " "))
        examples = re.findall(_TYPED, text, re.MULTILINE)
        assert examples or isinstance(command, click.Group), path
        unknown += [
            (path, each) for line in examples for each in _unknown(line.split())
        ]
    assert unknown == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    known = pages.render_settings()
    named = set(re.findall(r"FLASHLOG_[A-Z_]+[A-Z]", path.read_text()))
    assert {name for name in named if f"`{name}`" not in known} == set()


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_every_make_target_that_is_named_exists(path: Path) -> None:
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = re.findall(r"(?:^|`)make ([a-z-]+)", path.read_text(), re.MULTILINE)
    assert set(named) <= set(targets)


def test_the_picture_fetches_nothing() -> None:
    picture = (ROOT / "docs" / "demo.svg").read_text()
    assert set(re.findall(r"https?://[^\"' ]*", picture)) <= {
        "http://www.w3.org/2000/svg"
    }


def test_make_help_says_what_every_target_does() -> None:
    said = subprocess.run(
        ["make", "-s", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    for target in ("install", "demo", "test", "check", "bench", "crash-matrix"):
        assert f"make {target} " in said


def test_the_lock_has_hashes_and_names_no_index() -> None:
    text = (ROOT / "requirements.txt").read_text()
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    pinned = re.split(r"^(?=\S+==)", text, flags=re.MULTILINE)[1:]
    assert [each.split()[0] for each in pinned if "--hash=sha256:" not in each] == []


UNITS = sorted(path.name for path in (ROOT / "docs" / "deploy").glob("*.service"))


@pytest.mark.parametrize("name", UNITS)
def test_a_unit_is_one_that_systemd_understands(tmp_path: Path, name: str) -> None:
    text = (ROOT / "docs" / "deploy" / name).read_text()
    sections = re.findall(r"^\[(\w+)\]$", text, re.MULTILINE)
    assert sections == ["Unit", "Service", "Install"]
    verify = shutil.which("systemd-analyze")
    if verify is not None:
        unit = tmp_path / name
        started = re.compile(r"^ExecStart=\S+/flashlog", re.MULTILINE)
        assert started.search(text)
        unit.write_text(started.sub("ExecStart=/bin/true", text))
        done = subprocess.run(
            [verify, "verify", "--user", str(unit)],
            capture_output=True,
            text=True,
            check=False,
            env={"XDG_RUNTIME_DIR": str(tmp_path), "HOME": str(tmp_path)},
        )
        assert f"{name}:" not in done.stderr


def test_containers_run_commands_that_there_are() -> None:
    compose = yaml.safe_load((ROOT / "docs" / "deploy" / "compose.yaml").read_text())
    commands = [
        service["command"]
        for service in compose["services"].values()
        if "command" in service
    ]
    assert len(commands) == 2
    for name, *options in commands:
        command = root.commands[name]
        with command.make_context(name, options, resilient_parsing=True) as context:
            assert not context.args
    said = pages.SETTINGS.read_text()
    for variable in compose["x-flashlog"]["environment"]:
        assert f"`{variable}`" in said


def _shell_lines(text: str) -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", text, re.DOTALL)
    shell = "\n".join(blocks).replace("\\\n", " ")
    quoted = re.findall(r"`(flashlog [^`]+)`", text)
    return [line.partition("  #")[0] for line in shell.splitlines()] + quoted


def _commands(
    group: click.Group, path: str = "flashlog"
) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")


def _unknown(words: list[str]) -> list[str]:
    """Walk from group to command; return the first word that leads nowhere."""
    command, path = root, "flashlog"
    while words and (names := getattr(command, "commands", None)) is not None:
        if words[0] not in names:
            return [f"{path} {words[0]}"]
        command, path = names[words[0]], f"{path} {words[0]}"
        words = words[1:]
    known = {name for each in command.params for name in getattr(each, "opts", ())}
    given = [word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)]
    return [f"{path} {word}" for word in given if word not in known | {"--help"}]
