"""What holds for all commands: help, JSON, one sentence for an error."""

import json
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from tests.cli.conftest import Cli
from tests.cli.test_devices import ROOF
from tests.routers.images import build_image
from web.cli import exits
from web.cli.main import cli as root

# They run until they are stopped, are a show, or speak to a shell.
_WITHOUT_DATA = {"serve", "web", "runner", "demo", "completion"}


def _commands(
    group: click.Group, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield (*path, name), command


COMMANDS = dict(_commands(root))


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_says_what_it_does_and_shows_an_example(
    cli: Cli, path: tuple[str, ...]
) -> None:
    said = cli(*path, "--help")
    assert said.status == exits.DONE
    assert "Example" in said.out
    assert f"flashlog {' '.join(path)}" in said.out.partition("Example")[2]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_that_prints_data_prints_json(path: tuple[str, ...]) -> None:
    names = {
        name for option in COMMANDS[path].params for name in getattr(option, "opts", ())
    }
    assert ("--json" in names) == (path[0] not in _WITHOUT_DATA)


def test_the_help_names_every_exit_status(cli: Cli) -> None:
    out = " ".join(cli("--help").out.split())
    for status, meaning in exits.MEANINGS.items():
        assert f"{status} {meaning}" in out


@pytest.mark.parametrize(
    "arguments",
    [("nonsense",), ("upgrade",), ("upgrade", "x", "y", "-o", "z"), ("image", "add")],
)
def test_wrong_usage_is_one_sentence(cli: Cli, arguments: tuple[str, ...]) -> None:
    said = cli(*arguments)
    assert said.status == exits.USAGE
    assert said.err.startswith("flashlog: ")
    assert said.err.count("\n") == 1


GROUPS = [(), *sorted({path[:-1] for path in COMMANDS if len(path) > 1})]


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_who_names_no_command_is_shown_those_there_are(
    cli: Cli, path: tuple[str, ...]
) -> None:
    said = cli(*path)
    assert said.status == exits.USAGE
    assert said.err.startswith("Usage: flashlog")
    assert said.err == cli(*path, "--help").out


@pytest.mark.parametrize("path", GROUPS, ids=" ".join)
def test_no_summary_of_a_command_is_cut(cli: Cli, path: tuple[str, ...]) -> None:
    listed = cli(*path, "--help").out.partition("Commands:")[2]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


def test_a_setting_that_cannot_be_used_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_RETRIES_MAX", "many")
    said = cli("device", "list")
    assert said.status == exits.USAGE
    assert "FLASHLOG_RETRIES_MAX='many' is not a whole number" in said.err


def test_a_data_directory_that_cannot_be_made_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_DATA_DIR", "/dev/null/flashlog")
    said = cli("device", "list")
    assert said.status == exits.FAILED
    assert "set FLASHLOG_DATA_DIR to a directory that may be written" in said.err


def test_too_little_of_an_id_is_told_from_one_that_there_is_not(cli: Cli) -> None:
    short = cli("operation", "show", "3f2a9")
    assert short.status == exits.NOT_FOUND
    assert "give at least 6 characters" in short.err
    unknown = cli("operation", "show", "3f2a9c")
    assert unknown.status == exits.NOT_FOUND
    assert "no operation has an id that begins with" in unknown.err


def test_health_is_well_on_a_new_installation(cli: Cli) -> None:
    assert cli("health").status == exits.DONE
    assert cli("health", "--service").status == exits.FAILED
    facts = cli("health", "--json").json
    assert all(fact["is_well"] for fact in facts)


def test_read_models_come_out_of_a_rebuild_as_they_were(
    cli: Cli, tmp_path: Path
) -> None:
    file = tmp_path / "new.bin"
    file.write_bytes(build_image())
    cli("image", "add", file)
    before = cli("image", "list", "--json").json
    assert cli("rebuild").status == exits.DONE
    assert cli("image", "list", "--json").json == before


def test_an_image_is_judged_when_it_is_added(cli: Cli, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.bin", tmp_path / "page.bin"
    good.write_bytes(build_image())
    bad.write_bytes(build_image(corrupt="html"))
    added = cli("image", "add", good, "--json").json
    assert cli("image", "add", good, "--json").json["id"] == added["id"]
    assert cli("image", "show", added["sha256"][:12], "--json").json == added
    said = cli("image", "add", bad)
    assert said.status == exits.USAGE
    assert said.err.startswith("flashlog: ")


def test_a_token_is_the_same_each_time_and_a_name_is_taken_once(cli: Cli) -> None:
    add = ("user", "add", "admin", "--superuser", "--password-stdin")
    assert cli(*add, stdin="secret\n").status == exits.DONE
    token = cli("user", "token", "admin").out
    assert json.loads(cli("user", "token", "admin", "--json").out) == {
        "username": "admin",
        "token": token.strip(),
    }
    assert cli(*add, stdin="secret\n").status == exits.USAGE
    assert cli("user", "token", "nobody").status == exits.NOT_FOUND
    assert cli("user", "add", "other", stdin="secret\n").status == exits.USAGE
    blank = cli("user", "add", "other", "--password-stdin", stdin="\n")
    assert "password: " in blank.err


@pytest.mark.sqlite("flashlog backup; PostgreSQL: adapters/postgres/test_dump")
def test_a_backup_restored_elsewhere_shows_the_same(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cli(*ROOF, "--empty-password")
    before = cli("device", "list", "--json").json
    target = tmp_path / "friday.backup"
    assert cli("backup", target).status == exits.DONE
    assert target.stat().st_mode & 0o077 == 0
    again = cli("restore", target)
    assert again.status == exits.FAILED
    assert "restore into an empty directory" in again.err
    nowhere = cli("backup", tmp_path / "missing" / "friday.backup")
    assert nowhere.status == exits.FAILED
    assert nowhere.err == (
        f"flashlog: there is no directory {tmp_path / 'missing'}: make it first\n"
    )
    monkeypatch.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "other"))
    assert cli("restore", target).status == exits.DONE
    assert cli("device", "list", "--json").json == before
