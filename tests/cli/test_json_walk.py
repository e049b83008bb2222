"""Every command that prints data prints JSON lines with `--json`, and nothing else.

One installation is lived through with it. A command that is added must be walked, too.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.answering import Answer, answering
from tests.cli.conftest import AddRouter, Cli
from tests.cli.test_house import COMMANDS
from tests.on_postgres import is_chosen as is_on_postgres
from web.cli import exits

# It runs until it is stopped; its own test reads what it prints.
_ELSEWHERE = {"simulate"}
_PLACE = (
    *("--address", "127.0.0.1", "--port", "9"),
    *("--mac", "60:e3:27:aa:bb:09"),
)


class Walk:
    """Runs commands with --json, and remembers which."""

    def __init__(self, cli: Cli) -> None:
        self._cli = cli
        self.walked: set[str] = set()

    def __call__(
        self, command: str, *arguments: object, stdin: str = "", status: int = 0
    ) -> Any:
        """Run a command; returns the last document of those that it prints."""
        self.walked.add(command)
        said = self._cli(*command.split(), *arguments, "--json", stdin=stdin)
        assert said.status == status, (command, said)
        told = [json.loads(line) for line in said.out.splitlines()]
        assert all(isinstance(each, dict | list) for each in told), command
        assert told or status, command
        return told[-1] if told else None


@pytest.fixture
def walk(cli: Cli) -> Walk:
    return Walk(cli)


def test_every_command_prints_json_and_nothing_else(
    walk: Walk, add_router: AddRouter, new_image: Path, tmp_path: Path
) -> None:
    routers = [add_router(name) for name in ("roof", "tower")]
    _upgrades(walk, new_image)
    _batches(walk)
    _devices(walk, tmp_path)
    _firmware(walk, tmp_path)
    _people(walk)
    _log(walk, tmp_path)
    _service(walk)
    assert [router.flashes for router in routers] == [1, 1]
    wanted = {
        " ".join(path)
        for path, command in COMMANDS.items()
        if any("--json" in getattr(each, "opts", ()) for each in command.params)
    }
    absent = {"backup", "restore"} if is_on_postgres else set()
    assert walk.walked | _ELSEWHERE | absent == wanted


def _upgrades(walk: Walk, new_image: Path) -> None:
    walk("device check", "roof")
    walk("image add", new_image)
    assert walk("upgrade", "roof", "new.bin")["status"] == "success"
    (row,) = walk("operation list")
    operation = row["id"]
    assert walk("operation show", operation)["story"]
    assert walk("operation watch", operation)["status"] == "success"
    walk("audit replay", operation)
    walk("audit record", operation, "--output", new_image.with_suffix(".jsonl"))
    for refused in ("cancel", "resume"):
        walk(f"operation {refused}", operation, status=exits.REFUSED)
    walk("operation retry", operation, "--watch")


def _batches(walk: Walk) -> None:
    walk("device check", "tower")
    build = walk("build list")[0]["version"]
    assert len(walk("batch check", build, "--all")["devices"]) == 1
    assert walk("batch start", build, "--all", "--watch")["success"] == 1
    (batch,) = walk("batch list")
    for command in ("show", "watch"):
        assert walk(f"batch {command}", batch["id"])["status"] == "success"
    for refused in ("hold", "resume", "cancel"):
        walk(f"batch {refused}", batch["id"], status=exits.REFUSED)


def _devices(walk: Walk, tmp_path: Path) -> None:
    walk("device add", "gone", *_PLACE, "--empty-password")
    names = [each["name"] for each in walk("device list")]
    assert names == ["gone", "roof", "tower"]
    walk("device show", "roof")
    changed = walk("device change", "gone", "--notes", "taken down")
    assert changed["name"] == "gone"
    assert len(walk("device check", "roof", "gone", status=exits.UNREACHABLE)) == 2
    walk("device history", "roof")
    walk("device backup", "roof", "--list")
    walk("device backup", "roof", "--output", tmp_path / "roof.tar.gz")
    walk("device enroll", "gone", status=exits.UNREACHABLE)
    table = tmp_path / "routers.csv"
    table.write_text("name,mac,ip\nattic,60:e3:27:aa:bb:01,10.0.0.1\n")
    walk("device import", table, "--empty-password")
    walk("device release", "roof", "--reason", "seen to", status=exits.REFUSED)


def _firmware(walk: Walk, tmp_path: Path) -> None:
    walk("image list")
    walk("image show", "new.bin")
    empty = tmp_path / "release"
    empty.mkdir()
    walk("build import", empty, status=exits.USAGE)


def _people(walk: Walk) -> None:
    walk("organization add", "freifunk")
    walk("organization list")
    walk("user add", "maria", "--superuser", "--password-stdin", stdin="secret\n")
    walk("user list")
    walk("user token", "maria")
    walk("user password", "maria", "--password-stdin", stdin="other\n")
    walk("user deactivate", "maria")
    walk("user activate", "maria")
    walk("user erase", "maria", "--yes", "maria")


def _log(walk: Walk, tmp_path: Path) -> None:
    walk("audit show", "device", "roof")
    walk("audit diff", "0")
    walk("audit exposure")
    walk("audit key")
    walk("audit checkpoint")
    walk("audit verify")
    walk("audit rebuild")
    walk("audit export", "--output", tmp_path / "export")
    assert walk("audit import", tmp_path / "export")["already"]
    walk("audit new-key")
    walk("vault rotate-key")
    walk("health")
    walk("rebuild")
    if not is_on_postgres:
        walk("backup", tmp_path / "friday.backup")
        with pytest.MonkeyPatch.context() as elsewhere:
            elsewhere.setenv("FLASHLOG_DATA_DIR", str(tmp_path / "restored"))
            walk("restore", tmp_path / "friday.backup")


def _service(walk: Walk) -> None:
    walk("whoami")
    page: dict[str, Any] = {"count": 0, "next": None, "previous": None, "results": []}
    with answering(lambda _: Answer(body=page)) as served:
        walk("login", served.url, "--token-stdin", stdin="token\n")
        walk("whoami")
        walk("logout")
