"""`flashlog audit show`, `diff`, `exposure` and `replay`."""

import csv
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from application.watch import Moment
from tests.cli.conftest import NEW, AddRouter, Cli
from web.cli import replaying


@pytest.fixture
def operation(cli: Cli, add_router: AddRouter, new_image: Path) -> str:
    """An upgrade that went well; returns its id."""
    add_router("roof")
    said = cli("upgrade", "roof", new_image, "--watch", "--json")
    assert said.status == 0, said.err
    (row,) = cli("operation", "list", "--json").json
    return str(row["id"])


def test_an_upgrade_is_looked_back_at(cli: Cli, operation: str) -> None:
    said = cli("audit", "show", "device", "roof", "--json")
    assert said.status == 0, said.err
    told = said.json
    types = [each["type"] for each in told["events"]]
    assert types[0] == "Device:Registered"
    assert "UpgradeOperation:Succeeded" in types
    assert told["state"]["release"] == NEW[0]
    started = next(e for e in told["events"] if e["type"].endswith(":Started"))
    assert started["by_name"]

    then = cli(
        "audit",
        "show",
        "device",
        "roof",
        "--json",
        "--as-of",
        types.index("UpgradeOperation:Started") + told["events"][0]["position"],
    )
    assert then.json["state"]["release"] != NEW[0]
    said = cli("audit", "show", "operation", operation[:8])
    assert "Firmware upgrade completed successfully" in said.out
    for kind, name in (("image", "new.bin"), ("user", started["by_name"])):
        assert cli("audit", "show", kind, name).status == 0
    assert cli("audit", "show", "device", "roof", "--as-of", "x").status == 2
    assert cli("audit", "show", "device", "nobody").status == 5

    (row,) = cli("audit", "diff", "0", "--json").json
    assert (row["change"], row["to"]["release"]) == ("appeared", NEW[0])
    assert row["steps"][-1]["operation"] == operation
    assert f"operation {operation[:8]}" in cli("audit", "diff", "0").out
    assert cli("audit", "diff", told["as_of"]).out == ""
    assert cli("audit", "diff", "9", "1").status == 2

    (row,) = cli("audit", "exposure", "--release", NEW[0], "--json").json
    assert row["intervals"][-1]["goes_on"] is True
    table = cli("audit", "exposure", "--image", "new.bin", "--csv").out
    (line,) = csv.DictReader(io.StringIO(table))
    assert line["device_name"] == "roof"
    assert "still" in cli("audit", "exposure").out
    assert cli("audit", "exposure", "--release", "1.0").out == ""

    told_live = cli("operation", "watch", operation)
    replayed = cli("audit", "replay", operation[:8])
    assert (replayed.out, replayed.status) == (told_live.out, told_live.status)
    some = cli("audit", "replay", operation, "--at", "3", "--json")
    assert some.json_lines[0]["event"] == "Started"
    assert (len(some.json_lines), some.status) == (3, 8)
    assert cli("audit", "replay", operation, "--at", "999").status == 5
    for speed in ("0", "x", "-1", "nan"):
        assert cli("audit", "replay", operation, "--speed", speed).status == 2


def test_what_is_replayed_comes_at_its_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr("web.cli.replaying.time.sleep", slept.append)
    story = [_moment(seconds) for seconds in (0, 5, 5, 3600)]
    assert list(replaying._paced(story, 10)) == story
    assert slept == [0, 0.5, 0, replaying._PAUSE_SECONDS_MAX]


def _moment(seconds: float) -> Moment:
    return Moment(
        position=1,
        at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds),
        event="",
        line="",
        by="",
        status="",
        phase="",
        progress=0,
        owed=(),
        next_visit_at=None,
        held="",
        is_over=False,
    )
