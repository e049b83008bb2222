"""What the fleet ran: what changed between two moments, and who ran what for long."""

import csv
import io
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import pytest

from application.commands.device_lifecycle import deactivate_device, delete_device
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.device.words import Learned
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.conftest import API, Caller, id_of
from tests.web.people import People
from web.tables import harmless

DIFF = f"{API}/fleet/diff/"
EXPOSURE = f"{API}/fleet/exposure/"


def visited(
    flashlog: Flashlog, device_id: UUID, release: str, revision: str = "r0"
) -> int:
    device = flashlog.log.get(Device, device_id)
    device.learn(Learned(board="b", model="m", release=release, revision=revision))
    position = flashlog.log.append(device)
    flashlog.show(position)
    return position


def upgraded(flashlog: Flashlog, device_id: UUID, image_id: UUID, by: UUID) -> UUID:
    operation_id = start_upgrade(
        flashlog, device_id=device_id, image_id=image_id, by=by
    )
    examples.installed(flashlog, operation_id)
    # What was verified is also what the visit found.
    visited(flashlog, device_id, "23.05", "r1")
    return operation_id


def when(flashlog: Flashlog, position: int) -> datetime:
    (entry,) = flashlog.log.read(after=position - 1, limit=1)
    return entry.recorded_at


def gone(flashlog: Flashlog, device_id: UUID) -> int:
    deactivate_device(flashlog, device_id)
    delete_device(flashlog, device_id)
    return flashlog.log.end()


def test_a_diff_says_what_changed_and_why(admin: Caller, flashlog: Flashlog) -> None:
    image_id, person = examples.image(flashlog), id_of(flashlog, "admin")
    changed, same, leaving = (examples.device(flashlog) for _ in range(3))
    for each in (changed, same, leaving):
        visited(flashlog, each, "22.03")
    start = flashlog.log.end()
    operation_id = upgraded(flashlog, changed, image_id, person)
    visited(flashlog, same, "22.03")
    gone(flashlog, leaving)
    new = examples.device(flashlog)
    visited(flashlog, new, "19.07")
    end = flashlog.log.end()
    visited(flashlog, same, "24.10")

    asked = {"from": start, "to": end}
    answer = admin.get(DIFF, query_string=asked).get_json()
    by_device = {row["device"]: row for row in answer["results"]}
    assert answer["count"] == 3
    assert {each: row["change"] for each, row in by_device.items()} == {
        str(changed): "changed",
        str(leaving): "left",
        str(new): "appeared",
    }
    row = by_device[str(changed)]
    assert row["from"] == {
        "release": "22.03",
        "revision": "r0",
        "image": None,
        "file_name": "",
        "version": "",
    }
    assert (row["to"]["release"], row["to"]["version"]) == ("23.05", "1.0")
    (step,) = row["steps"]
    assert step["why"] == "upgraded"
    assert step["operation"] == str(operation_id)
    assert (step["by"], step["by_name"]) == (str(person), "admin")
    assert by_device[str(leaving)]["to"] is None
    assert by_device[str(new)]["from"] is None
    assert [step["why"] for step in by_device[str(new)]["steps"]] == ["found"]


def test_what_is_found_different_at_a_visit_is_a_change_without_an_upgrade(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    upgraded(flashlog, device_id, image_id, id_of(flashlog, "admin"))
    start = flashlog.log.end()
    visited(flashlog, device_id, "by-hand")
    (row,) = admin.get(DIFF, query_string={"from": start}).get_json()["results"]
    assert row["from"]["image"] == str(image_id)
    assert (row["to"]["release"], row["to"]["image"]) == ("by-hand", None)
    (step,) = row["steps"]
    assert (step["why"], step["operation"], step["by"]) == ("found", None, None)


def test_there_and_back_is_no_difference(admin: Caller, flashlog: Flashlog) -> None:
    device_id = examples.device(flashlog)
    start = visited(flashlog, device_id, "1")
    visited(flashlog, device_id, "2")
    visited(flashlog, device_id, "1")
    assert admin.get(DIFF, query_string={"from": start}).get_json()["count"] == 0


@pytest.mark.parametrize("url", [DIFF, EXPOSURE])
def test_moments_must_be_moments_and_in_order(
    admin: Caller, flashlog: Flashlog, url: str
) -> None:
    examples.device(flashlog)
    end = flashlog.log.end()
    for asked, status, field in (
        ({"from": "x"}, 400, "from"),
        ({"from": 0, "to": "x"}, 400, "to"),
        ({"from": end, "to": end - 1}, 400, "from"),
        ({"from": 0, "to": end + 1}, 409, "detail"),
    ):
        answer = admin.get(url, query_string=asked)
        assert answer.status_code == status
        assert field in answer.get_json()


def test_exposure_is_told_by_release_image_and_build(
    admin: Caller, flashlog: Flashlog
) -> None:
    person, image_id = id_of(flashlog, "admin"), examples.image(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).facts.build_id
    device_id, other = examples.device(flashlog), examples.device(flashlog)
    first = visited(flashlog, device_id, "22.03")
    visited(flashlog, other, "24.10")
    upgraded(flashlog, device_id, image_id, person)
    installed = flashlog.log.end() - 1
    back = visited(flashlog, device_id, "22.03")
    end = gone(flashlog, device_id)

    (row,) = _exposed(admin, release="22.03")
    spans = [(each["from"], each["to"], each["goes_on"]) for each in row["intervals"]]
    times = [when(flashlog, each) for each in (first, installed, back, end)]
    told = [datetime.fromisoformat(text) for *span, _ in spans for text in span]
    assert told == times
    assert not any(goes_on for *_, goes_on in spans)
    total = (times[1] - times[0] + times[3] - times[2]).total_seconds()
    assert row["seconds"] == pytest.approx(total)
    for asked in ({"image": image_id}, {"build": build_id}, {"release": "23.05"}):
        (row,) = _exposed(admin, **asked)
        (interval,) = row["intervals"]
        assert interval["file_name"] == "image.bin"
        assert interval["by_name"] == "admin"
    assert _exposed(admin, image=image_id, release="22.03") == []
    assert _exposed(admin, release="22.03", to=first - 1) == []
    (row,) = _exposed(admin, release="22.03", **{"from": first, "to": first + 1})
    assert row["intervals"][0]["goes_on"] is True
    assert _exposed(admin, release="22.03", **{"from": end}) == []


def test_exposure_is_a_table_that_no_spreadsheet_runs(
    admin: Caller, flashlog: Flashlog
) -> None:
    visited(flashlog, examples.device(flashlog), "=cmd|'/C calc'!A0")
    for asked, headers in (
        ({"format": "csv"}, {}),
        ({}, {"Accept": "text/csv"}),
        ({}, {"Accept": "application/json;q=0.5, text/csv"}),
    ):
        answer = admin.get(EXPOSURE, query_string=asked, headers=headers)
        assert answer.mimetype == "text/csv"
        (line,) = csv.DictReader(io.StringIO(answer.text))
        assert line["release"] == "'=cmd|'/C calc'!A0"
        assert line["goes_on"] == "True"
        assert line["why"] == "found"
    answer = admin.get(EXPOSURE, headers={"Accept": "*/*"})
    assert answer.mimetype == "application/json"
    assert admin.get(EXPOSURE, query_string={"format": "xml"}).status_code == 404
    assert admin.get(DIFF, headers={"Accept": "text/csv"}).status_code == 406


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1"])
def test_what_looks_like_a_formula_is_a_text(text: str) -> None:
    assert harmless(text) == f"'{text}"


def test_of_other_organizations_nothing_is_told(
    admin: Caller, people: People, flashlog: Flashlog
) -> None:
    other = examples.organization(flashlog, "other")
    ours = examples.device(flashlog, organization_id=other)
    theirs = examples.device(flashlog)
    for each in (ours, theirs):
        visited(flashlog, each, "22.03")
    image_id = examples.image(flashlog)
    upgraded(flashlog, theirs, image_id, id_of(flashlog, "admin"))
    caller = people.administrator(other)
    for url in (DIFF, EXPOSURE):
        found = caller.get(url).get_json()["results"]
        assert [row["device"] for row in found] == [str(ours)]
    assert admin.get(DIFF).get_json()["count"] == 2
    asked = {"organization": "other"}
    assert admin.get(DIFF, query_string=asked).get_json()["count"] == 1
    answer = caller.get(EXPOSURE, query_string={"image": image_id})
    assert answer.status_code == 400
    assert "image" in answer.get_json()
    # Whoever a device is given to is told of all its life.
    device = flashlog.log.get(Device, theirs)
    given = msgspec.structs.replace(device.description, organization_id=other)
    device.change(given)
    flashlog.show(flashlog.log.append(device))
    assert caller.get(EXPOSURE).get_json()["count"] == 2
    giver = people.administrator(DEFAULT_ORGANIZATION_ID)
    assert giver.get(EXPOSURE).get_json()["count"] == 0


def _exposed(caller: Caller, **asked: Any) -> list[dict[str, Any]]:
    answer = caller.get(EXPOSURE, query_string=asked)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.get_json()["results"]
    return found
