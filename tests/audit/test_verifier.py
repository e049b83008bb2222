"""An export is verified offline, by one file that needs nothing else of Flashlog."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from application.audit import verifier
from application.audit.verifier import Finding, Result, UnusableError, verify
from domain.transparency.checkpoint import Checkpoint
from domain.transparency.note import SigningKey
from tests.audit import tampering
from tests.audit.given import House

Tamper = Callable[[House], None]


@pytest.fixture
def house(tmp_path: Path) -> House:
    return tampering.signed_house(tmp_path)


def ranges(result: Result) -> list[tuple[int, int]]:
    return [(each.first, each.last) for each in result.findings]


def change(directory: Path, change: Callable[[list[Any]], list[Any]]) -> None:
    """Change the events of an export as somebody with an editor does."""
    (path,) = directory.glob("events-*.jsonl")
    events = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(f"{json.dumps(each)}\n" for each in change(events)))


def test_an_untouched_export_is_as_it_was_signed(house: House) -> None:
    exported = house.export("export")
    key = house.key.verifier.text
    held = [house.kept(20), house.kept(46)]
    result = verify(exported, held=held, vkeys=[key])
    assert result.is_good
    assert result == Result(46, 46, 2, [key], [])
    assert verify(exported).is_good


@pytest.mark.parametrize("tamper", tampering.KINDS)
def test_what_was_done_to_the_log_is_found_in_its_export(
    house: House, tamper: Tamper
) -> None:
    """The log is exported after it, and nothing but one checkpoint was kept."""
    held, key = house.kept(46), house.key.verifier.text
    first = tampering.KINDS[tamper][0][1]
    tamper(house)
    exported = house.export("export")
    for result in (verify(exported, held=[held], vkeys=[key]), verify(exported)):
        assert not result.is_good
        finding, *_ = result.findings
        assert finding.first <= first <= finding.last
        assert finding.first > first // 10 * 10
        assert finding.last <= 46


def test_a_fork_is_found_by_who_holds_a_checkpoint(house: House) -> None:
    held = [house.kept(20), house.kept(46)]
    tampering.fork(house)
    exported = house.export("export")
    assert ranges(verify(exported, held=held)) == [(21, 46)]
    assert verify(exported).is_good


def test_an_old_export_is_found_by_who_holds_a_newer_checkpoint(house: House) -> None:
    held = house.kept(46)
    house.tamper("DELETE FROM event WHERE position > 20")
    house.tamper_with_tree("DELETE FROM checkpoint WHERE size > 20")
    result = verify(house.export("older"), held=[held])
    assert ranges(result) == [(21, 46)]
    assert "not in the export" in result.findings[0].text


def test_another_key_is_found_by_who_kept_the_first_one(house: House) -> None:
    held, key = house.kept(46), house.key.verifier.text
    tampering.sign_with_another_key(house)
    exported = house.export("export")
    found = verify(exported, vkeys=[key])
    assert (found.findings[0].first, found.findings[-1].last) == (1, 46)
    assert found.signed == 0
    assert (1, 46) in ranges(verify(exported, held=[held]))
    assert verify(exported).is_good


def put(events: list[Any], seventeenth: Any) -> list[Any]:
    return [*events[:16], seventeenth, *events[17:]]


CHANGES: dict[str, tuple[Callable[[list[Any]], list[Any]], tuple[int, int]]] = {
    "dropped": (lambda all_: all_[:16] + all_[17:], (17, 17)),
    "inserted": (lambda all_: all_[:16] + all_[15:], (17, 17)),
    "swapped": (
        lambda all_: [*all_[:16], all_[22], *all_[17:22], all_[16], *all_[23:]],
        (17, 17),
    ),
    "truncated": (lambda all_: all_[:42], (43, 46)),
    "emptied": (lambda _: [], (1, 10)),
    "changed": (lambda all_: put(all_, all_[16] | {"topic": "x"}), (11, 20)),
    "no event": (lambda all_: put(all_, {"position": 17}), (17, 17)),
    "no object": (lambda all_: put(all_, 17), (17, 17)),
    "no state": (lambda all_: put(all_, all_[16] | {"state": "*"}), (17, 17)),
    "longer": (lambda all_: [*all_, all_[-1] | {"position": 47}], (47, 47)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_what_was_done_to_an_export_is_found(house: House, name: str) -> None:
    exported = house.export("export")
    how, expected = CHANGES[name]
    change(exported, how)
    assert ranges(verify(exported)) == [expected]


def test_checkpoints_of_an_export_are_not_believed(house: House) -> None:
    exported = house.export("export")
    path = exported / "checkpoints.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:2], lines[2].replace("\\n30", "\\n29")]) + "\n")
    result = verify(exported)
    assert not result.is_good
    assert result.findings[0].text.endswith("the signature of flashlog/test is false")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("manifest.json", ""),
        ("manifest.json", "[]"),
        ("manifest.json", '{"files":[],"keys":[],"events":1,"format":"x","version":1}'),
        ("checkpoints.jsonl", "x\n"),
        ("checkpoints.jsonl", '{"note":"x"}\n'),
        ("checkpoints.jsonl", '{"note":7}\n'),
    ],
)
def test_what_is_no_export_is_told(house: House, file: str, content: str) -> None:
    exported = house.export("export")
    (exported / file).write_text(content)
    with pytest.raises(UnusableError):
        verify(exported)


def test_an_export_does_not_lead_elsewhere(house: House) -> None:
    exported = house.export("export")
    manifest = json.loads((exported / "manifest.json").read_text())
    manifest["files"][0]["name"] = "../../secret"
    (exported / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(UnusableError, match="elsewhere"):
        verify(exported)


@pytest.mark.parametrize("vkey", ["", "a+b", "a+00000000+AAAA", "a+b+c+d"])
def test_a_key_that_is_none_is_told(house: House, vkey: str) -> None:
    with pytest.raises(UnusableError, match="public key"):
        verify(house.export("export"), vkeys=[vkey])


def test_one_file_is_enough(house: House, tmp_path: Path) -> None:
    """Copied away from Flashlog, without any package but `cryptography`."""
    exported = house.export("export")
    alone = tmp_path / "alone"
    alone.mkdir()
    shutil.copy(verifier.__file__, alone / "flashlog_verify.py")
    kept = tmp_path / "kept"
    kept.write_text(house.kept(46))

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-I", alone / "flashlog_verify.py", *map(str, arguments)],
            cwd=alone,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    key = house.key.verifier.text
    said = run(exported, "--checkpoint", kept, "--key", key)
    assert said.returncode == 0, said.stderr
    assert "46 events are as they were signed; 1 checkpoints" in said.stdout
    assert said.stdout.endswith("verified\n")

    change(exported, lambda events: events[:20])
    said = run(exported, "--json")
    assert said.returncode == 1
    assert json.loads(said.stdout)["findings"] == [
        {"first": 21, "last": 30, "text": "signed, and not in the export"}
    ]
    said = run(tmp_path / "nowhere")
    assert said.returncode == 2
    assert "is no export" in said.stderr


def test_the_command_is_told_what_it_has_found(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = house.export("export")
    assert verifier.main([str(exported)]) == 0
    said = capsys.readouterr().out
    assert "the key is the export's own" in said
    change(exported, CHANGES["dropped"][0])
    assert verifier.main([str(exported)]) == 1
    said = capsys.readouterr().out
    assert "WRONG from position 17 to 17: instead of this event there is one" in said
    assert said.endswith("NOT verified\n")
    assert verifier.main([str(exported), "--key", "x"]) == 2


def test_events_that_no_checkpoint_covers_are_told(house: House) -> None:
    exported = house.export("export")
    path = exported / "checkpoints.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    text = "no checkpoint covers these"
    assert verify(exported).findings == [Finding(41, 46, text)]


def test_a_checkpoint_of_a_stranger_is_told(house: House) -> None:
    exported = house.export("export")
    held = house.kept(46)
    stranger = SigningKey.make("flashlog/test").verifier.text
    result = verify(exported, held=[held], vkeys=[stranger])
    assert result.signed == 0
    assert all("no signature of" in each.text for each in result.findings)


def cut_at(exported: Path, size: int) -> None:
    """Cut an export off where a checkpoint is, as a full disk may by chance."""
    change(exported, lambda events: events[:size])
    path = exported / "checkpoints.jsonl"
    kept = [
        line
        for line in path.read_text().splitlines(keepends=True)
        if json.loads(line)["size"] <= size
    ]
    path.write_text("".join(kept))


def test_an_export_that_was_cut_at_a_checkpoint_is_found(house: House) -> None:
    exported = house.export("export")
    cut_at(exported, 40)
    manifest, newest = verify(exported).findings
    assert (manifest.first, manifest.last) == (41, 46)
    assert "names 46 events, there are 40" in manifest.text
    assert "the file `checkpoint`" in newest.text


@pytest.mark.parametrize("size", [40, 46])
def test_the_newest_checkpoint_is_that_of_the_events(house: House, size: int) -> None:
    exported = house.export("export")
    stranger = Checkpoint("flashlog/test", size, bytes(32)).signed(house.key)
    for note in (house.kept(40), stranger.whole):
        (exported / "checkpoint").write_text(note)
        assert ranges(verify(exported)) == [(1, 46)]


def test_without_its_newest_checkpoint_an_export_is_none(house: House) -> None:
    exported = house.export("export")
    (exported / "checkpoint").unlink()
    with pytest.raises(UnusableError, match="No such file"):
        verify(exported)
