"""Who may do what in the inventory, and what a stranger learns of it: nothing."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.web.controller.conftest import (
    API,
    Tenants,
    credential_body,
    device_body,
    group_body,
    location_body,
    made,
)
from tests.web.people import Caller

# Each of these with each method, as each role.
LISTS = {
    "device": "/device/",
    "group": "/group/",
    "location": "/location/",
    "credential": "/credential/",
    "connection": "/device/{device}/connection/",
}
DETAILS = {
    "device": "/device/{device}/",
    "group": "/group/{group}/",
    "location": "/location/{location}/",
    "credential": "/credential/{credential}/",
    "connection": "/device/{device}/connection/{connection}/",
    "device location": "/device/{device}/location/",
}
ACTIONS = ("/device/{device}/activate/", "/device/{device}/deactivate/")
SECRET = "correct horse"


@pytest.fixture
def ids(tenants: Tenants) -> Mapping[str, str]:
    """One of everything, in an organization of its own."""
    root = tenants.root
    device = made(root, "/device/", device_body(tenants.ours, key="key-of-ours"))
    group = made(root, "/group/", group_body(tenants.ours))
    location = made(root, "/location/", location_body(tenants.ours))
    credential = made(root, "/credential/", credential_body(tenants.ours))
    where = f"/device/{device['id']}/connection/"
    connection = made(root, where, {"credentials": credential["id"]})
    root.put(
        f"{API}/device/{device['id']}/location/", json={"location": location["id"]}
    )
    return {
        "device": device["id"],
        "group": group["id"],
        "location": location["id"],
        "credential": credential["id"],
        "connection": connection["id"],
    }


def every_url(ids: Mapping[str, str]) -> list[tuple[str, str]]:
    """Every method of every URL."""
    lists = [
        (method, rule) for rule in LISTS.values() for method in ("GET", "POST", "HEAD")
    ]
    details = [
        (method, rule)
        for rule in DETAILS.values()
        for method in ("GET", "HEAD", "PUT", "PATCH", "DELETE")
    ]
    actions = [("POST", rule) for rule in ACTIONS]
    return [
        (method, API + rule.format(**ids)) for method, rule in lists + details + actions
    ]


def asked(caller: Caller, method: str, url: str) -> int:
    return int(caller(method, url, json={}).status_code)


def test_nobody_without_a_token_gets_anything(
    tenants: Tenants, ids: Mapping[str, str]
) -> None:
    for method, url in every_url(ids):
        assert asked(tenants.anonymous, method, url) == 401, (method, url)


@pytest.mark.parametrize("role", ["powerless", "member"])
def test_who_has_no_permission_or_manages_nothing_gets_nothing(
    tenants: Tenants, ids: Mapping[str, str], role: str
) -> None:
    caller = getattr(tenants, role)
    for method, url in every_url(ids):
        assert asked(caller, method, url) == 403, (method, url)


def test_operators_do_everything_but_credentials(
    tenants: Tenants, ids: Mapping[str, str]
) -> None:
    for method, url in every_url(ids):
        status = asked(tenants.operator, method, url)
        if "/credential/" in url:
            assert status == 403, (method, url)
        elif "PATCH" in method:
            assert status in {200, 404}, (method, url)
        elif method in {"GET", "HEAD"}:
            # What an earlier one of these deleted is gone.
            assert status in {200, 404}, (method, url)
        else:
            assert status in {200, 204, 400, 403, 404}, (method, url)


def test_administrators_have_credentials_too(
    tenants: Tenants, ids: Mapping[str, str]
) -> None:
    url = f"{API}/credential/{ids['credential']}/"
    assert tenants.administrator.get(url).status_code == 200
    answer = tenants.administrator.patch(url, json={"name": "other"})
    assert answer.status_code == 200
    assert tenants.administrator.delete(url).status_code == 204


def test_a_stranger_finds_nothing(tenants: Tenants, ids: Mapping[str, str]) -> None:
    lists = {f"{API}{rule}" for rule in LISTS.values()}
    for method, url in every_url(ids):
        is_list = url in lists
        status = asked(tenants.stranger, method, url)
        if not is_list:
            assert status == 404, (method, url)
        elif method == "POST":
            assert status == 400, (method, url)
        else:
            found = tenants.stranger.get(url).get_json()
            assert (status, found["count"]) == (200, 0), (method, url)
    # Nothing was changed by the attempts.
    for rule in DETAILS.values():
        assert tenants.root.get(API + rule.format(**ids)).status_code == 200


def test_a_stranger_refers_to_nothing_of_others(
    tenants: Tenants, ids: Mapping[str, str]
) -> None:
    bodies: list[tuple[str, dict[str, Any], str]] = [
        ("/device/", device_body(tenants.ours), "organization"),
        ("/device/", device_body(tenants.theirs, group=ids["group"]), "group"),
        ("/group/", group_body(tenants.ours), "organization"),
        ("/location/", location_body(tenants.ours), "organization"),
        ("/credential/", credential_body(tenants.ours), "organization"),
    ]
    for rule, body, field in bodies:
        answer = tenants.stranger.post(f"{API}{rule}", json=body)
        assert answer.status_code == 400, rule
        assert answer.get_json().keys() == {field}


def test_no_secret_is_ever_shown(tenants: Tenants, ids: Mapping[str, str]) -> None:
    for role in ("root", "administrator", "operator"):
        for rule in (*LISTS.values(), *DETAILS.values()):
            answer = getattr(tenants, role).get(API + rule.format(**ids))
            assert SECRET not in json.dumps(answer.get_json())
    # The key of a device is for those who look at that device, not for lists.
    listed = tenants.root.get(f"{API}/device/").get_data(as_text=True)
    assert "key-of-ours" not in listed


@pytest.mark.parametrize("rule", [*LISTS.values(), *DETAILS.values(), *ACTIONS])
def test_a_method_that_there_is_not_is_refused_to_those_who_may_ask(
    tenants: Tenants, ids: Mapping[str, str], rule: str
) -> None:
    url = API + rule.format(**ids)
    wrong = "PUT" if rule in {*LISTS.values(), *ACTIONS} else "POST"
    answer = tenants.root(wrong, url, json={})
    assert answer.status_code == 405
    assert "Allow" in answer.headers
    assert asked(tenants.powerless, wrong, url) == 403


def test_an_id_that_is_none_is_not_routed(tenants: Tenants) -> None:
    for rule in ("/device/7/", "/group/x/", "/location/x/", "/credential/x/"):
        answer = tenants.root.get(f"{API}{rule}")
        assert answer.status_code == 404
        assert answer.mimetype == "text/html"
