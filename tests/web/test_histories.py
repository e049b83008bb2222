"""Everything that happened to a thing, event by event, to those who may know."""

from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.batches.filling import fill
from application.commands.changing_users import erase_user
from application.commands.deletion import delete_image
from application.commands.device_lifecycle import deactivate_device, delete_device
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from domain.catalogue import FirmwareImage
from domain.operation import events
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.conftest import API, Caller, id_of
from tests.web.people import People

DEVICES = "/api/v1/controller/device"
USERS = "/api/v1/users/user"


def history(caller: Caller, url: str, **asked: Any) -> list[dict[str, Any]]:
    answer = caller.get(f"{url}/history/", query_string={"page_size": 100} | asked)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert found["count"] == len(found["results"])
    rows: list[dict[str, Any]] = found["results"]
    return rows


def status(caller: Caller, url: str) -> int:
    return caller.get(f"{url}/history/").status_code


def an_upgrade(flashlog: Flashlog) -> tuple[UUID, UUID, UUID]:
    """Return device, image and an operation on its way."""
    device_id, image_id = examples.device(flashlog), examples.image(flashlog)
    by = id_of(flashlog, "admin")
    started = start_upgrade(flashlog, device_id=device_id, image_id=image_id, by=by)
    examples.note(flashlog, started, *examples.connected())
    examples.note(flashlog, started, events.AttemptBegun(attempt=2))
    flashlog.show(flashlog.log.end())
    return device_id, image_id, started


def test_the_history_of_an_operation_is_its_story(
    admin: Caller, flashlog: Flashlog
) -> None:
    _, _, operation_id = an_upgrade(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}"
    rows = history(admin, url)
    story = flashlog.log.story(operation_id)
    assert [row["position"] for row in rows] == [each.position for each in story]
    assert [row["type"] for row in rows] == [each.event.TOPIC for each in story]
    assert [row["version"] for row in rows] == list(range(1, len(story) + 1))
    assert [row["attempt"] for row in rows] == [0, 1, 1, 1, 2]
    assert {row["subject"] for row in rows} == {str(operation_id)}
    first, _, _, connected, _ = rows
    assert (first["by"], first["by_name"]) == (str(id_of(flashlog, "admin")), "admin")
    assert (connected["by"], connected["by_name"]) == (None, None)
    assert connected["line"].startswith("Connected to 10.0.0.1")
    assert connected["data"]["host_key_fingerprint"] == "SHA256:x"
    assert history(admin, url, ordering="-position") == rows[::-1]


def test_a_history_is_read_by_pages_and_up_to_a_moment(
    admin: Caller, flashlog: Flashlog
) -> None:
    _, _, operation_id = an_upgrade(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}"
    rows = history(admin, url)
    path, paged = f"{url}/history/?page_size=2", []
    while path:
        answer = admin.get(path).get_json()
        paged += answer["results"]
        path = (answer["next"] or "").removeprefix("http://localhost")
    assert paged == rows
    assert history(admin, url, as_of=rows[2]["position"]) == rows[:3]
    before = flashlog.log.story(operation_id)[0].recorded_at - timedelta(microseconds=1)
    assert history(admin, url, as_of=before.isoformat()) == []
    for asked, answered in (("x", 400), (flashlog.log.end() + 1, 409)):
        answer = admin.get(f"{url}/history/", query_string={"as_of": asked})
        assert answer.status_code == answered


def test_the_history_of_a_device_has_its_upgrades_and_outlives_it(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id, _, operation_id = an_upgrade(flashlog)
    url = f"{DEVICES}/{device_id}"
    rows = history(admin, url)
    assert {row["subject"] for row in rows} == {str(device_id), str(operation_id)}
    assert [row["position"] for row in rows] == sorted(row["position"] for row in rows)
    assert rows[0]["type"] == "Device:Registered"
    assert rows[0]["attempt"] is None
    examples.note(flashlog, operation_id, events.Aborted(reason="x"))
    deactivate_device(flashlog, device_id)
    delete_device(flashlog, device_id)
    assert history(admin, url)[-1]["type"] == "Device:Deleted"


def test_the_history_of_a_batch_has_its_targets_and_its_operations(
    admin: Caller, flashlog: Flashlog
) -> None:
    image_id = examples.image(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).facts.build_id
    device_id = examples.device(flashlog)
    answer = admin.post(f"{API}/build/{build_id}/upgrade/", json={"upgrade_all": True})
    batch_id = UUID(answer.get_json()["batch"])
    fill(flashlog, batch_id, Event())
    flashlog.show(flashlog.log.end())
    rows = history(admin, f"{API}/batch-upgrade-operation/{batch_id}")
    types = [row["type"] for row in rows]
    assert types[:2] == ["Batch:Started", "BatchTargets:Frozen"]
    assert "UpgradeOperation:Started" in types
    assert str(device_id) in str(rows[1]["data"])


def test_the_history_of_an_image_outlives_it(admin: Caller, flashlog: Flashlog) -> None:
    image_id = examples.image(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).facts.build_id
    url = f"{API}/build/{build_id}/image/{image_id}"
    assert [row["type"] for row in history(admin, url)] == ["FirmwareImage:Added"]
    delete_image(flashlog, image_id)
    assert len(history(admin, url)) == 2
    assert status(admin, f"{API}/build/{uuid4()}/image/{image_id}") == 404


def test_the_history_of_a_user_is_told_in_full_to_superusers_alone(
    admin: Caller, people: People, flashlog: Flashlog
) -> None:
    user_id = people.user(DEFAULT_ORGANIZATION_ID)
    url = f"{USERS}/{user_id}"
    full = history(admin, url)
    assert full[0]["type"] == "User:Registered"
    assert full[0]["data"]["person_id"]
    theirs = people.administrator(DEFAULT_ORGANIZATION_ID)
    told = history(theirs, url)
    assert [row["type"] for row in told] == [row["type"] for row in full]
    assert all(row["data"] == {} for row in told)
    others = people.administrator(examples.organization(flashlog, "other"))
    assert status(others, url) == 404
    erase_user(flashlog, user_id=user_id)
    assert history(admin, url)[-1]["type"] == "User:Erased"
    assert status(theirs, url) == 404


def test_names_are_told_to_those_who_may_see_users(
    admin: Caller, people: People, flashlog: Flashlog
) -> None:
    _, _, operation_id = an_upgrade(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}"
    by = str(id_of(flashlog, "admin"))
    for caller in (
        people.operator(DEFAULT_ORGANIZATION_ID),
        # Superusers are not among those whom managers see.
        people.administrator(DEFAULT_ORGANIZATION_ID),
    ):
        (first, *_) = history(caller, url)
        assert (first["by"], first["by_name"]) == (by, None)
    operator = people.operator(DEFAULT_ORGANIZATION_ID)
    assert operator.user_id
    flashlog.show(
        examples.note(
            flashlog, operation_id, events.Held(reason="x", by=operator.user_id)
        )
    )
    own = history(operator, url)[-1]
    theirs = history(people.administrator(DEFAULT_ORGANIZATION_ID), url)[-1]
    assert own["by_name"] == theirs["by_name"]
    assert own["by_name"].startswith("user-")


def test_of_other_organizations_there_is_no_history(
    people: People, flashlog: Flashlog, admin: Caller
) -> None:
    device_id, image_id, operation_id = an_upgrade(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).facts.build_id
    caller = people.administrator(examples.organization(flashlog, "other"))
    for url in (
        f"{API}/upgrade-operation/{operation_id}",
        f"{API}/build/{build_id}/image/{image_id}",
        f"{DEVICES}/{device_id}",
    ):
        assert status(admin, url) == 200
        assert status(caller, url) == 404


@pytest.mark.parametrize(
    "url",
    [
        f"{API}/upgrade-operation/{examples.NOBODY}",
        f"{API}/batch-upgrade-operation/{examples.NOBODY}",
        f"{DEVICES}/{examples.NOBODY}",
        f"{USERS}/{examples.NOBODY}",
    ],
)
def test_of_what_there_never_was_there_is_no_history(admin: Caller, url: str) -> None:
    assert status(admin, url) == 404
