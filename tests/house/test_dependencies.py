"""What may be depended on: its licence, and for how long a hole in it is let pass."""

import json
from datetime import date
from email.message import Message
from importlib.metadata import Distribution
from typing import Any

import pytest

from tests.house import dependencies
from tests.house.dependencies import (
    LOCK,
    WAIVERS,
    Advisory,
    locked,
    read_advisories,
    unwaived,
    waivers,
    wrong_licences,
)

TODAY = date(2026, 5, 1)
HOLE = Advisory("example", "1.0", frozenset({"GHSA-1", "CVE-2026-1"}), "1.1")


class Package(Distribution):
    def __init__(self, **said: str | list[str]) -> None:
        message = Message()
        for name, values in ({"Name": "example", "Version": "1.0"} | said).items():
            for value in [values] if isinstance(values, str) else values:
                message[name.replace("_", "-")] = value
        self._message = message

    @property
    def metadata(self) -> Message:  # type: ignore[override]
        return self._message

    def read_text(self, filename: str) -> None:
        return None

    def locate_file(self, path: object) -> object:  # type: ignore[override]
        return path


def test_everything_that_is_locked_may_be_depended_on() -> None:
    installed = locked()
    assert len(installed) > 60
    assert wrong_licences(installed) == []


@pytest.mark.parametrize(
    ("said", "is_allowed"),
    [
        ({"License_Expression": "MIT"}, True),
        ({"License_Expression": "GPL-3.0-only OR MIT"}, True),
        ({"License_Expression": "MIT AND (BSD-2-Clause)"}, True),
        ({"License_Expression": "MIT AND GPL-3.0-only"}, False),
        ({"License_Expression": "AGPL-3.0-or-later"}, False),
        ({"Classifier": "License :: OSI Approved :: BSD License"}, True),
        ({"Classifier": "License :: OSI Approved"}, False),
        ({"License": "Commercial"}, False),
        ({"License": "MIT"}, True),
        ({}, False),
    ],
)
def test_a_licence_is_allowed_or_it_is_told(
    said: dict[str, str], *, is_allowed: bool
) -> None:
    assert (wrong_licences([Package(**said)]) == []) is is_allowed


def test_the_waivers_of_today_are_good() -> None:
    _, wrong = waivers(WAIVERS.read_text(), today=date.today())  # noqa: DTZ011
    assert wrong == []


def _waiver(**changes: str) -> str:
    said = {
        "advisory": '"CVE-2026-1"',
        "package": '"example"',
        "reason": '"never called"',
        "expires": "2026-05-01",
    } | changes
    lines = [f"{name} = {value}" for name, value in said.items() if value]
    return "\n".join(["[[waiver]]", *lines])


def test_a_waiver_lets_one_advisory_of_one_package_pass() -> None:
    kept, wrong = waivers(_waiver(), today=TODAY)
    assert wrong == []
    assert unwaived([HOLE], kept) == []
    (said,) = unwaived([HOLE], [])
    assert "example 1.0 has CVE-2026-1, GHSA-1 (fixed in 1.1)" in said
    for other in (_waiver(advisory='"CVE-9"'), _waiver(package='"other"')):
        assert unwaived([HOLE], waivers(other, today=TODAY)[0]) != []


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": "2026-04-30"},
        {"expires": ""},
        {"reason": '"  "'},
        {"reason": ""},
        {"advisory": ""},
        {"until": "2026-06-01"},
    ],
    ids=str,
)
def test_a_waiver_that_has_ended_or_lacks_something_fails(
    changes: dict[str, str],
) -> None:
    kept, wrong = waivers(_waiver(**changes), today=TODAY)
    assert (kept, len(wrong)) == ([], 1)


def test_what_pip_audit_writes_is_read() -> None:
    hole = {"id": "GHSA-1", "aliases": ["CVE-2026-1"], "fix_versions": ["1.1"]}
    said: dict[str, Any] = {
        "dependencies": [
            {"name": "example", "version": "1.0", "vulns": [hole]},
            {"name": "good", "version": "2", "vulns": []},
        ]
    }
    assert read_advisories(json.dumps(said)) == [HOLE]
    said["dependencies"][1]["skip_reason"] = "not found"
    assert read_advisories(json.dumps(said)) is None, "not asked is not well"
    assert read_advisories('{"dependencies": []}') is None


def test_where_nobody_can_be_asked_that_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dependencies, "ask_for_advisories", lambda: None)
    assert dependencies.main([]) == 0
    assert "could not ask anybody" in capsys.readouterr().out
    assert dependencies.main(["--require-advisories"]) == 1
    monkeypatch.setattr(dependencies, "ask_for_advisories", lambda: [HOLE])
    assert dependencies.main([]) == 1
    assert LOCK.exists()
