"""`?as_of=`: which moments there are, who may ask, and how long it may take."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import msgspec
import pytest

from application.commands.batch_control import hold_batch
from application.commands.batches import Wish, start_batch
from application.commands.device_changes import change_device
from application.commands.device_lifecycle import deactivate_device, delete_device
from application.flashlog import Flashlog
from application.past.moments import NO_MOMENT
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import ROOT
from tests.web import examples
from tests.web.conftest import API, Caller
from tests.web.people import People
from web.api.resource import NO_PAST

DEVICES = "/api/v1/controller/device"


def test_an_operation_is_told_as_it_was_at_a_position(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}/"
    before = admin.get(url).get_json()
    position = flashlog.log.end()
    flashlog.show(examples.note(flashlog, operation_id, *examples.connected()))
    assert admin.get(url).get_json() != before

    assert admin.get(url, query_string={"as_of": position}).get_json() == before


def test_a_time_means_the_last_position_until_then(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}/"
    before = admin.get(url).get_json()
    at = flashlog.log.recorder.last_recorded_at()
    while flashlog.clock.now() <= at + timedelta(milliseconds=2):
        pass
    flashlog.show(examples.note(flashlog, operation_id, *examples.connected()))
    for moment in (at, at + timedelta(microseconds=1)):
        for text in (moment.isoformat(), f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"):
            answer = admin.get(url, query_string={"as_of": text})
            assert answer.get_json() == before
    earlier = (at - timedelta(days=1)).isoformat()
    assert admin.get(url, query_string={"as_of": earlier}).status_code == 404


def test_positions_by_time_are_those_that_a_look_through_the_log_finds(
    flashlog: Flashlog,
) -> None:
    for _ in range(5):
        examples.operation(flashlog)
    entries = flashlog.log.read(after=0, limit=1000)
    for entry in entries:
        until = [e.position for e in entries if e.recorded_at <= entry.recorded_at]
        assert flashlog.log.position_at(entry.recorded_at) == max(until)
        just_before = entry.recorded_at - timedelta(microseconds=1)
        earlier = [e.position for e in entries if e.recorded_at <= just_before]
        assert flashlog.log.position_at(just_before) == max(earlier, default=0)
    assert flashlog.log.position_at(datetime(1970, 1, 1, tzinfo=UTC)) == 0
    assert flashlog.log.position_at(datetime(9999, 1, 1, tzinfo=UTC)) == len(entries)


@pytest.mark.parametrize(
    "text",
    ["-1", "x", "1.5", "2026-13-01", "\N{ARABIC-INDIC DIGIT ONE}", "9" * 30, "end"],
)
def test_what_is_no_moment_is_refused_by_its_name(
    admin: Caller, flashlog: Flashlog, text: str
) -> None:
    url = f"{API}/upgrade-operation/{examples.operation(flashlog)}/"
    answer = admin.get(url, query_string={"as_of": text})
    assert answer.status_code == 400
    assert answer.get_json() == {"as_of": [NO_MOMENT]}


def test_what_has_not_happened_yet_is_not_told(
    admin: Caller, flashlog: Flashlog
) -> None:
    url = f"{API}/upgrade-operation/{examples.operation(flashlog)}/"
    end = flashlog.log.end()
    assert admin.get(url, query_string={"as_of": end}).status_code == 200
    tomorrow = (flashlog.clock.now() + timedelta(days=1)).isoformat()
    for later in (end + 1, 2**63 - 1, tomorrow):
        answer = admin.get(url, query_string={"as_of": later})
        assert answer.status_code == 409, answer.text
    for earlier in (0, 1):
        answer = admin.get(url, query_string={"as_of": earlier})
        assert answer.status_code == 404, answer.text


def test_before_everything_the_fleet_is_empty(
    admin: Caller, flashlog: Flashlog
) -> None:
    examples.installed(flashlog, examples.operation(flashlog))
    fleet = admin.get(f"{API}/fleet/").get_json()
    assert fleet["count"] == 1
    assert fleet["running"][0]["version"] == "1.0"
    answer = admin.get(f"{API}/fleet/", query_string={"as_of": 0})
    assert answer.get_json() == {"count": 0, "running": []}


def test_what_was_deleted_since_is_told_as_it_was(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    url = f"{DEVICES}/{device_id}/"
    before, position = admin.get(url).get_json(), flashlog.log.end()
    deactivate_device(flashlog, device_id)
    delete_device(flashlog, device_id)
    assert admin.get(url).status_code == 404

    assert admin.get(url, query_string={"as_of": position}).get_json() == before


def test_lists_are_told_as_they_were(
    admin: Caller, people: People, flashlog: Flashlog
) -> None:
    other = examples.organization(flashlog, "other")
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).build_id
    wish = Wish(upgrade_all=True)
    batch_id = start_batch(flashlog, ROOT, build_id=build_id, wish=wish)
    flashlog.show(flashlog.log.end())
    lists = (f"{DEVICES}/", f"{API}/batch-upgrade-operation/")
    before = [admin.get(url).get_json() for url in lists]
    assert [each["results"][0]["id"] for each in before] == [
        str(device_id),
        str(batch_id),
    ]
    position = flashlog.log.end()
    change_device(flashlog, device_id, {"name": "renamed"})
    _give(flashlog, device_id, other)
    hold_batch(flashlog, batch_id=batch_id, reason="later")
    examples.device(flashlog)
    assert [admin.get(url).get_json() for url in lists] != before

    then = {"as_of": position}
    assert [admin.get(url, query_string=then).get_json() for url in lists] == before
    # Filters ask for what was then, tenants for what is theirs now.
    for name, count in (("renamed", 0), (before[0]["results"][0]["name"], 1)):
        told = admin.get(lists[0], query_string=then | {"name": name}).get_json()
        assert told["count"] == count
    taker = people.administrator(other)
    giver = people.administrator(DEFAULT_ORGANIZATION_ID)
    assert taker.get(lists[0], query_string=then).get_json()["count"] == 1
    assert giver.get(lists[0], query_string=then).get_json()["count"] == 0


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", f"{API}/build/"),
        ("get", f"{API}/upgrade-operation/"),
        ("get", f"{API}/fleet/diff/"),
        ("get", f"{API}/event/"),
        ("get", "/api/v1/users/user/"),
        ("post", f"{DEVICES}/"),
        ("delete", f"{DEVICES}/{examples.NOBODY}/"),
    ],
)
def test_what_is_told_or_changed_only_now_is_not_asked_of_the_past(
    admin: Caller, method: str, path: str
) -> None:
    answer = getattr(admin, method)(path, query_string={"as_of": 1})
    assert answer.status_code == 400
    assert answer.get_json() == {"as_of": [NO_PAST]}


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("{:%Y-%m-%dT%H:%M:%S.%f}+05:45", 5.75),
        ("{:%Y-%m-%dT%H:%M:%S.%f}-11:00", -11),
        ("{:%Y-%m-%dT%H:%M:%S.%f}+1400", 14),
        ("{:%Y%m%dT%H%M%S.%f}Z", 0),
        ("{:%Y-%m-%d %H:%M:%S.%f}", 0),
    ],
)
def test_a_time_may_be_of_any_zone(
    admin: Caller, flashlog: Flashlog, written: str, hours: float
) -> None:
    operation_id = examples.operation(flashlog)
    at = flashlog.log.recorder.last_recorded_at()
    url = f"{API}/upgrade-operation/{operation_id}/"
    text = written.format(at + timedelta(hours=hours))
    assert admin.get(url, query_string={"as_of": text}).status_code == 200
    before = written.format(at + timedelta(hours=hours, microseconds=-1))
    # The operation is in the last append.
    assert admin.get(url, query_string={"as_of": before}).status_code == 404


def test_a_key_that_was_changed_since_is_told_no_more(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    change_device(flashlog, device_id, {"key": "first-key"})
    position = flashlog.log.end()
    change_device(flashlog, device_id, {"key": "second-key"})
    url = f"{DEVICES}/{device_id}/"
    assert admin.get(url).get_json()["key"] == "second-key"

    then = admin.get(url, query_string={"as_of": position}).get_json()
    assert then["key"] == "********"


def test_the_past_of_a_device_goes_with_it_to_another_organization(
    admin: Caller, people: People, flashlog: Flashlog
) -> None:
    other = examples.organization(flashlog, "other")
    operation_id = examples.operation(flashlog)
    row = flashlog.views.one("operation", str(operation_id))
    assert row
    position = flashlog.log.end()
    url = f"{DEVICES}/{row['device_id']}/"
    before = admin.get(url).get_json()
    giver = people.administrator(DEFAULT_ORGANIZATION_ID)
    _give(flashlog, UUID(row["device_id"]), other)
    taker = people.administrator(other)
    then = {"as_of": position}
    assert before["organization"] != str(other)
    assert giver.get(url, query_string=then).status_code == 404
    assert taker.get(url, query_string=then).get_json() == before
    url = f"{API}/upgrade-operation/{operation_id}/"
    assert giver.get(url, query_string=then).status_code == 404
    for slug, status in (("", 200), ("other", 200), ("default", 404)):
        asked = then | {"organization": slug}
        assert taker.get(url, query_string=asked).status_code == status
    url = f"{API}/fleet/"
    assert giver.get(url, query_string=then).get_json()["count"] == 0
    assert taker.get(url, query_string=then).get_json()["count"] == 1


def test_an_answer_that_takes_too_long_is_not_waited_for(
    admin: Caller, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{API}/upgrade-operation/{examples.operation(flashlog)}/"
    asked = {"as_of": flashlog.log.end()}
    impatient = msgspec.structs.replace(flashlog.settings, past_seconds_max=1e-9)
    monkeypatch.setattr(flashlog, "settings", impatient)
    answer = admin.get(url, query_string=asked)
    assert answer.status_code == 503
    assert "FLASHLOG_PAST_SECONDS_MAX" in answer.get_json()["detail"]


def test_answers_about_the_past_wait_for_their_turn(
    admin: Caller, client: object, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"{API}/upgrade-operation/{examples.operation(flashlog)}/"
    asked = {"as_of": flashlog.log.end()}
    hasty = msgspec.structs.replace(flashlog.settings, past_seconds_max=0.2)
    monkeypatch.setattr(flashlog, "settings", hasty)
    places = client.application.extensions["flashlog"].looks_back  # type: ignore[attr-defined]
    taken = [places.acquire(blocking=False) for _ in range(10)].count(True)
    assert taken == flashlog.settings.past_answers_max
    assert admin.get(url, query_string=asked).status_code == 503
    places.release(taken)
    assert admin.get(f"{API}/fleet/").status_code == 200


def test_of_a_thing_that_never_was_there_is_no_past(
    admin: Caller, flashlog: Flashlog
) -> None:
    end = {"as_of": flashlog.log.end()}
    for url in (
        f"{API}/upgrade-operation/{uuid4()}/",
        f"{API}/batch-upgrade-operation/{uuid4()}/",
        f"{API}/device/{uuid4()}/firmware/",
        f"{DEVICES}/{uuid4()}/",
        # The story of another thing is none of an operation.
        f"{API}/upgrade-operation/{examples.device(flashlog)}/",
    ):
        assert admin.get(url, query_string=end).status_code == 404


def _give(flashlog: Flashlog, device_id: UUID, to: UUID) -> None:
    device = flashlog.log.get(Device, device_id)
    device.change(msgspec.structs.replace(device.description, organization_id=to))
    flashlog.show(flashlog.log.append(device))
