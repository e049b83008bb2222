from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.device.device import Device
from tests.web import examples
from tests.web.controller.conftest import (
    API,
    Tenants,
    credential_body,
    device_body,
    made,
)

STRATEGY = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWrt"
LEGACY = "openwisp_controller.connection.connectors.openwrt.ssh.OpenWisp1"


class Given:
    """A device and credentials of one organization."""

    def __init__(self, tenants: Tenants, organization_id: UUID) -> None:
        body = device_body(organization_id)
        self.device = made(tenants.root, "/device/", body)
        body = credential_body(organization_id)
        self.credential = made(tenants.root, "/credential/", body)
        self.path = f"{API}/device/{self.device['id']}/connection/"
        self.body = {"credentials": self.credential["id"]}


@pytest.fixture
def given(tenants: Tenants) -> Given:
    return Given(tenants, tenants.ours)


def test_a_connection_is_shown_as_it_was_said(tenants: Tenants, given: Given) -> None:
    answer = tenants.operator.post(given.path, json=given.body)
    assert answer.status_code == 201
    connection = answer.get_json()
    assert connection["credentials"] == given.credential["id"]
    # What was left out is derived, and kept.
    assert connection["update_strategy"] == STRATEGY
    assert connection["enabled"] is True
    assert (connection["is_working"], connection["failure_reason"]) == (None, "")
    where = f"{given.path}{connection['id']}/"
    assert tenants.operator.get(where).get_json() == connection
    (listed,) = tenants.operator.get(given.path).get_json()["results"]
    assert listed == connection


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"credentials": None}, "credentials"),
        ({"credentials": "x"}, "credentials"),
        ({"credentials": str(examples.NOBODY)}, "credentials"),
        ({"update_strategy": "telnet"}, "update_strategy"),
        ({"enabled": "perhaps"}, "enabled"),
    ],
)
def test_a_wrong_field_of_a_connection_is_named(
    tenants: Tenants, given: Given, changes: dict[str, Any], field: str
) -> None:
    answer = tenants.operator.post(given.path, json=given.body | changes)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}


def test_credentials_are_assigned_once(tenants: Tenants, given: Given) -> None:
    assert tenants.operator.post(given.path, json=given.body).status_code == 201
    answer = tenants.operator.post(given.path, json=given.body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"__all__"}


def test_credentials_are_of_the_devices_organization_or_shared(
    tenants: Tenants, given: Given
) -> None:
    theirs = made(tenants.stranger, "/credential/", credential_body(tenants.theirs))
    shared = made(tenants.root, "/credential/", credential_body(None))
    for caller, credential, status in (
        (tenants.operator, theirs, 400),
        (tenants.root, theirs, 400),
        (tenants.operator, shared, 400),
        (tenants.root, shared, 201),
    ):
        answer = caller.post(given.path, json={"credentials": credential["id"]})
        assert answer.status_code == status
        if status == 400:
            assert answer.get_json().keys() == {"credentials"}


def test_a_connection_is_changed_and_removed(tenants: Tenants, given: Given) -> None:
    made_now = tenants.operator.post(given.path, json=given.body).get_json()
    where = f"{given.path}{made_now['id']}/"
    changes = {"enabled": False, "failure_reason": "mine", "is_working": True}
    answer = tenants.operator.patch(where, json=changes)
    assert answer.status_code == 200
    changed = answer.get_json()
    assert changed["enabled"] is False
    assert (changed["failure_reason"], changed["is_working"]) == ("", None)
    answer = tenants.operator.put(where, json={})
    assert answer.get_json().keys() == {"credentials"}
    body = given.body | {"update_strategy": LEGACY, "enabled": True}
    answer = tenants.operator.put(where, json=body)
    assert answer.get_json()["update_strategy"] == LEGACY
    assert tenants.operator.delete(where).status_code == 204
    assert tenants.operator.get(where).status_code == 404
    assert tenants.operator.get(given.path).get_json()["count"] == 0


def test_an_unknown_or_foreign_device_is_not_found(
    tenants: Tenants, given: Given
) -> None:
    for caller, device_id in (
        (tenants.stranger, given.device["id"]),
        (tenants.operator, examples.NOBODY),
    ):
        where = f"{API}/device/{device_id}/connection/"
        for method in ("GET", "POST"):
            answer = caller(method, where, json=given.body)
            assert answer.status_code == 404
            assert answer.get_json() == {"detail": "Not found."}
        where += f"{examples.NOBODY}/"
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            assert caller(method, where, json=given.body).status_code == 404


def test_a_deactivated_device_keeps_its_connections(
    tenants: Tenants, given: Given
) -> None:
    connection = tenants.operator.post(given.path, json=given.body).get_json()
    tenants.operator.post(f"{API}/device/{given.device['id']}/deactivate/")
    where = f"{given.path}{connection['id']}/"
    assert tenants.operator.get(given.path).status_code == 200
    assert tenants.operator.get(where).status_code == 200
    assert tenants.operator.post(given.path, json=given.body).status_code == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert tenants.operator(method, where, json=given.body).status_code == 403


def test_the_legacy_strategy_takes_no_options(
    tenants: Tenants, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    image_id = examples.image(flashlog)
    where = f"{API}/device/{device_id}/connection/"
    (connection,) = tenants.root.get(where).get_json()["results"]
    changes = {"update_strategy": LEGACY}
    tenants.root.patch(f"{where}{connection['id']}/", json=changes)
    firmware = f"/api/v1/firmware-upgrader/device/{device_id}/firmware/"
    sent = {"image": str(image_id), "upgrade_options": {"n": True}}
    answer = tenants.root.put(firmware, json=sent)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"upgrade_options"}
    del sent["upgrade_options"]
    assert tenants.root.put(firmware, json=sent).status_code == 201


def test_a_connection_shows_whether_it_works_and_why_not(
    tenants: Tenants, flashlog: Flashlog, given: Given
) -> None:
    other = made(
        tenants.root, "/credential/", credential_body(tenants.ours, name="other")
    )
    for credentials in (given.credential, other):
        made_now = {"credentials": credentials["id"]}
        assert tenants.operator.post(given.path, json=made_now).status_code == 201
    device = flashlog.log.get(Device, UUID(given.device["id"]))
    device.note_log_ins(
        worked=UUID(other["id"]),
        refused={UUID(given.credential["id"]): "the log-in was refused"},
        at=examples.NOON,
    )
    flashlog.show(flashlog.log.append(device))

    results = tenants.operator.get(given.path).get_json()["results"]
    shown = {each["credentials"]: each for each in results}
    names = ("is_working", "failure_reason", "last_attempt")
    noon = examples.NOON.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [shown[other["id"]][name] for name in names] == [True, "", noon]
    refused = shown[given.credential["id"]]
    assert [refused[name] for name in names] == [
        False,
        "the log-in was refused",
        noon,
    ]
