from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.device.device import Device
from tests.web import examples
from tests.web.controller.conftest import (
    API,
    MASK,
    Tenants,
    device_body,
    group_body,
    location_body,
    made,
)

LISTED = {
    "id",
    "name",
    "organization",
    "group",
    "mac_address",
    "key",
    "last_ip",
    "management_ip",
    "model",
    "os",
    "system",
    "notes",
    "config",
    "created",
    "modified",
}


def path(device: dict[str, Any], rest: str = "") -> str:
    return f"{API}/device/{device['id']}/{rest}"


def test_a_registered_device_is_shown_as_it_was_said(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    assert device.keys() >= LISTED
    assert "is_deactivated" not in device
    assert device["organization"] == str(tenants.ours)
    assert device["mac_address"] == "AA:BB:CC:DD:EE:01"
    assert (device["management_ip"], device["last_ip"]) == ("10.0.0.2", None)
    assert (device["group"], device["config"], device["system"]) == (None, None, "")
    assert len(device["key"]) == 64

    answer = tenants.operator.get(path(device))
    assert answer.get_json() == device | {"is_deactivated": False}
    (listed,) = tenants.operator.get(f"{API}/device/").get_json()["results"]
    assert listed == device | {"key": MASK}


def test_what_a_device_lacks_is_said_field_by_field(tenants: Tenants) -> None:
    answer = tenants.operator.post(f"{API}/device/", json={})
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"name", "organization", "mac_address"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("name", "two words"),
        ("name", "a" * 65),
        ("name", "-begins-with-a-dash"),
        ("organization", None),
        ("organization", "x"),
        ("organization", str(examples.NOBODY)),
        ("mac_address", "AA:BB:CC:DD:EE"),
        ("mac_address", "AABB.CCDD.EE01"),
        ("mac_address", "AA:BB-CC:DD:EE:01"),
        ("group", str(examples.NOBODY)),
        ("group", "x"),
        ("key", "with space"),
        ("key", "with/slash"),
        ("key", "with.dot"),
        ("key", "k" * 65),
        ("management_ip", "router.mesh"),
        ("last_ip", "10.0.0.256"),
        ("model", "m" * 65),
        ("os", "o" * 129),
        ("system", "s" * 129),
        ("config", None),
        ("config", "text"),
    ],
)
def test_a_wrong_field_of_a_new_device_is_named(
    tenants: Tenants, field: str, value: Any
) -> None:
    body = device_body(tenants.ours, **{field: value})
    answer = tenants.operator.post(f"{API}/device/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}


@pytest.mark.parametrize(
    "changes",
    [
        {"name": "AA:BB:CC:DD:EE:01"},
        {"name": "ap-1.roof.mesh"},
        {"last_ip": "", "management_ip": ""},
        {"management_ip": "2001:db8::1"},
        {"key": ""},
        {"config": {"backend": "netjsonconfig.OpenWrt", "config": {}, "templates": []}},
        {"id": str(examples.NOBODY), "is_deactivated": True, "created": "yesterday"},
    ],
)
def test_what_may_be_said_of_a_new_device(
    tenants: Tenants, changes: dict[str, Any]
) -> None:
    body = device_body(tenants.ours, **changes)
    device = made(tenants.operator, "/device/", body)
    assert device["id"] != changes.get("id")
    assert device["config"] is None
    assert not tenants.operator.get(path(device)).get_json()["is_deactivated"]


def test_a_form_is_taken_like_json(tenants: Tenants) -> None:
    sent = device_body(tenants.ours, group="", last_ip="")
    answer = tenants.operator.post(f"{API}/device/", data=sent)
    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("aa:bb:cc:dd:ee:01", "AA:BB:CC:DD:EE:01"),
        ("AA:BB:CC:DD:EE:01", "aa:bb:cc:dd:ee:01"),
        ("AA-BB-CC-DD-EE-01", "AA:BB:CC:DD:EE:01"),
        ("AA:BB:CC:DD:EE:01", "aa-bb-cc-dd-ee-01"),
    ],
)
def test_a_mac_address_is_one_however_it_is_written(
    tenants: Tenants, first: str, second: str
) -> None:
    body = device_body(tenants.ours, mac_address=first)
    device = made(tenants.operator, "/device/", body)
    assert device["mac_address"] == "AA:BB:CC:DD:EE:01"
    again = device_body(tenants.ours, name="ap-2", mac_address=second)
    answer = tenants.operator.post(f"{API}/device/", json=again)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"non_field_errors"}
    # It can still be changed, which OpenWISP forgot.
    answer = tenants.operator.patch(path(device), json={"mac_address": second})
    assert answer.status_code == 200


def test_a_name_is_one_in_its_organization_in_either_case(tenants: Tenants) -> None:
    made(tenants.operator, "/device/", device_body(tenants.ours))
    again = device_body(
        tenants.ours, name="AP-1", mac_address="AA:BB:CC:DD:EE:02", management_ip=None
    )
    answer = tenants.operator.post(f"{API}/device/", json=again)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"__all__"}
    made(tenants.stranger, "/device/", device_body(tenants.theirs))


def test_a_key_is_one_everywhere(tenants: Tenants) -> None:
    made(tenants.operator, "/device/", device_body(tenants.ours, key="k" * 32))
    body = device_body(tenants.theirs, key="k" * 32)
    answer = tenants.stranger.post(f"{API}/device/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"key"}


def test_a_key_that_was_made_up_for_a_device_is_given_to_no_other(
    tenants: Tenants,
) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    body = device_body(tenants.theirs, key=device["key"])
    answer = tenants.stranger.post(f"{API}/device/", json=body)
    assert (answer.status_code, answer.get_json().keys()) == (400, {"key"})

    other = device_body(tenants.ours, name="ap-2", mac_address="AA:BB:CC:DD:EE:02")
    other = made(tenants.operator, "/device/", other)
    answer = tenants.operator.patch(path(other), json={"key": device["key"]})
    assert (answer.status_code, answer.get_json().keys()) == (400, {"key"})
    # Its own may be said of it.
    answer = tenants.operator.patch(path(device), json={"key": device["key"]})
    assert answer.get_json()["key"] == device["key"]


def test_a_key_is_not_in_the_log(tenants: Tenants, flashlog: Flashlog) -> None:
    key = "8f14e45fceea167a5a36dedd4bea2543"
    device = made(tenants.operator, "/device/", device_body(tenants.ours, key=key))
    assert device["key"] == key
    stored = flashlog.log.recorder.select_events(UUID(device["id"]))
    assert all(key.encode() not in event.state for event in stored)
    assert key not in str(flashlog.views.all("device"))


def test_a_key_that_is_sent_back_masked_stays(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours, key="abc"))
    body = device_body(tenants.ours, key=MASK, config=None)
    answer = tenants.operator.put(path(device), json=body)
    assert answer.get_json()["key"] == "abc"
    answer = tenants.operator.patch(path(device), json={"key": "def"})
    assert answer.get_json()["key"] == "def"
    # The old one is free again.
    other = device_body(
        tenants.ours, name="ap-2", mac_address="AA:BB:CC:DD:EE:02", key="abc"
    )
    made(tenants.operator, "/device/", other)


def test_a_put_names_all_that_is_required(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    answer = tenants.operator.put(path(device), json={})
    assert answer.status_code == 400
    required = {"name", "organization", "mac_address", "config"}
    assert answer.get_json().keys() == required

    body = device_body(tenants.ours, name="ap-9", notes="on the mast", config=None)
    answer = tenants.operator.put(path(device), json=body)
    assert answer.status_code == 200
    changed = answer.get_json()
    assert (changed["name"], changed["notes"]) == ("ap-9", "on the mast")
    assert changed["is_deactivated"] is False
    assert changed["modified"] > device["modified"]
    # The old name is free again.
    body = device_body(tenants.ours, mac_address="AA:BB:CC:DD:EE:02")
    made(tenants.operator, "/device/", body)


def test_an_address_is_cleared_by_null_and_not_by_a_blank(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    answer = tenants.operator.patch(path(device), json={"management_ip": ""})
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"management_ip"}
    answer = tenants.operator.patch(path(device), json={"management_ip": None})
    assert answer.get_json()["management_ip"] is None
    assert answer.get_json()["addresses"] == []


def test_the_management_address_is_dialled_first(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    changes = {"management_ip": "10.0.0.3", "last_ip": "192.0.2.1"}
    answer = tenants.operator.patch(path(device), json=changes)
    assert answer.get_json()["addresses"] == ["10.0.0.3"]
    known = flashlog.log.get(Device, UUID(device["id"]))
    assert known.addresses == ("10.0.0.3",)


def test_a_group_must_be_of_the_same_organization(tenants: Tenants) -> None:
    ours = made(tenants.operator, "/group/", group_body(tenants.ours))
    theirs = made(tenants.stranger, "/group/", group_body(tenants.theirs))
    for caller in (tenants.operator, tenants.root):
        body = device_body(tenants.ours, group=theirs["id"])
        answer = caller.post(f"{API}/device/", json=body)
        assert answer.status_code == 400
        assert answer.get_json().keys() == {"group"}
    body = device_body(tenants.ours, group=ours["id"])
    device = made(tenants.operator, "/device/", body)
    assert device["group"] == ours["id"]
    answer = tenants.operator.patch(path(device), json={"group": None})
    assert answer.get_json()["group"] is None


def test_a_device_goes_to_another_organization_with_nothing_that_ties_it(
    tenants: Tenants, people: Any, flashlog: Flashlog
) -> None:
    both = people.administrator(tenants.ours, tenants.theirs)
    tied = examples.device(flashlog, organization_id=tenants.ours)
    answer = both.patch(
        f"{API}/device/{tied}/", json={"organization": str(tenants.theirs)}
    )
    # Its log-in belongs to the default organization, which is not theirs either.
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"organization"}
    device = made(both, "/device/", device_body(tenants.ours))
    answer = both.patch(path(device), json={"organization": str(tenants.theirs)})
    assert answer.status_code == 200
    assert tenants.operator.get(path(device)).status_code == 404
    assert tenants.stranger.get(path(device)).status_code == 200
    made(tenants.operator, "/device/", device_body(tenants.ours))


def test_a_device_is_deactivated_and_activated_once(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    for rest, is_deactivated in (("deactivate/", True), ("activate/", False)):
        assert tenants.operator.get(path(device, rest)).status_code == 405
        answer = tenants.operator.post(path(device, rest))
        assert answer.status_code == 200
        assert answer.get_json()["is_deactivated"] is is_deactivated
        assert answer.get_json()["management_ip"] is None
        assert tenants.operator.post(path(device, rest)).status_code == 404
    assert tenants.operator.get(path(device)).get_json()["management_ip"] is None


def test_what_is_owed_to_a_deactivated_router_can_still_be_given_back(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    tenants.operator.post(path(device, "deactivate/"))
    known = flashlog.log.get(Device, UUID(device["id"]))
    assert (known.management_ip, known.addresses) == (None, ("10.0.0.2",))
    tenants.operator.post(path(device, "activate/"))
    answer = tenants.operator.patch(path(device), json={"management_ip": "10.0.0.9"})
    assert answer.get_json()["addresses"] == ["10.0.0.9"]


def test_a_deactivated_device_cannot_be_changed(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    tenants.operator.post(path(device, "deactivate/"))
    for method in ("PUT", "PATCH"):
        answer = tenants.operator(method, path(device), json={})
        assert answer.status_code == 403
        assert "permission" in answer.get_json()["detail"]


def test_a_device_is_deleted_only_after_it_was_deactivated(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    answer = tenants.operator.delete(path(device))
    assert answer.status_code == 403
    assert answer.get_json() == {
        "detail": "The device must be deactivated prior to deletion"
    }
    tenants.operator.post(path(device, "deactivate/"))
    answer = tenants.operator.delete(path(device) + "?force=true")
    assert (answer.status_code, answer.data) == (204, b"")
    assert tenants.operator.get(path(device)).status_code == 404
    assert tenants.operator.delete(path(device)).status_code == 404
    # Name and MAC address are free again.
    made(tenants.operator, "/device/", device_body(tenants.ours))


def test_a_device_with_an_operation_that_goes_on_is_not_deleted(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    row = flashlog.views.one("operation", str(operation_id))
    assert row is not None
    where = f"{API}/device/{row['device_id']}/"
    tenants.root.post(f"{where}deactivate/")
    answer = tenants.root.delete(where)
    assert answer.status_code == 409
    assert str(operation_id) in answer.get_json()["detail"]
    operations = "/api/v1/firmware-upgrader/upgrade-operation"
    tenants.root.post(f"{operations}/{operation_id}/cancel/")
    assert tenants.root.delete(where).status_code == 204
    # What happened stays.
    assert tenants.root.get(f"{operations}/{operation_id}/").status_code == 200


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["ap-2", "ap-1"]),
        ("name=AP-", ["ap-2", "ap-1"]),
        ("name=2", ["ap-2"]),
        ("name=%25", []),
        ("mac_address=ee:01", ["ap-1"]),
        ("mac_address=EE-01", ["ap-1"]),
        ("group={group}", ["ap-1"]),
        ("location={location}", ["ap-1"]),
        ("location__name=tow", ["ap-1"]),
        ("location__name=k%C3%B6ln", ["ap-1"]),
        ("location__name=%C3%9Cber", ["ap-1"]),
        ("with_geo=true", ["ap-1"]),
        ("with_geo=0", ["ap-2"]),
        ("with_geo=perhaps", ["ap-2", "ap-1"]),
        ("organization={ours}", ["ap-2", "ap-1"]),
        ("organization_slug=ours", ["ap-2", "ap-1"]),
        ("organization_slug=theirs", []),
        ("created={created}", ["ap-1"]),
        ("created__gte={created}", ["ap-2", "ap-1"]),
        ("created__lt={created}", []),
        ("created__gte=2001-01-01T10:00:00%2010:00", ["ap-2", "ap-1"]),
        ("config__status=applied", []),
        ("config__backend=netjsonconfig.OpenWrt", []),
        ("config__templates={ours}", []),
        ("name=&group=&ordering=name", ["ap-2", "ap-1"]),
        ("name=2&with_geo=true", []),
    ],
)
def test_devices_are_filtered(tenants: Tenants, query: str, names: list[str]) -> None:
    group = made(tenants.operator, "/group/", group_body(tenants.ours))
    place = location_body(tenants.ours, name="Tower Über Köln")
    location = made(tenants.operator, "/location/", place)
    body = device_body(tenants.ours, group=group["id"])
    device = made(tenants.operator, "/device/", body)
    told = {"location": location["id"]}
    answer = tenants.operator.put(path(device, "location/"), json=told)
    assert answer.status_code == 201
    other = device_body(tenants.ours, name="ap-2", mac_address="AA:BB:CC:DD:EE:02")
    made(tenants.operator, "/device/", other)
    made(tenants.stranger, "/device/", device_body(tenants.theirs, name="theirs"))

    asked = query.format(
        group=group["id"],
        location=location["id"],
        ours=tenants.ours,
        created=device["created"],
    )
    found = tenants.operator.get(f"{API}/device/?{asked}").get_json()
    assert [each["name"] for each in found["results"]] == names
    assert found["count"] == len(names)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("group=x", "group"),
        ("group={nobody}", "group"),
        ("organization=ours", "organization"),
        ("organization={theirs}", "organization"),
        ("location={nobody}", "location"),
        ("created=yesterday", "created"),
        ("created=0001-01-01T00:00:00%2B23:59", "created"),
        ("created__lt=9999-12-31T23:59:59-23:59", "created__lt"),
        ("config__status=lost", "config__status"),
    ],
)
def test_a_filter_that_cannot_be_is_refused(
    tenants: Tenants, query: str, field: str
) -> None:
    asked = query.format(nobody=examples.NOBODY, theirs=tenants.theirs)
    answer = tenants.operator.get(f"{API}/device/?{asked}")
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}
