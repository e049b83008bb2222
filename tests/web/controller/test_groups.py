from typing import Any

import pytest

from tests.web import examples
from tests.web.controller.conftest import API, Tenants, device_body, group_body, made


def path(group: dict[str, Any]) -> str:
    return f"{API}/group/{group['id']}/"


def test_a_group_is_shown_as_it_was_said(tenants: Tenants) -> None:
    body = group_body(
        tenants.ours, description="no ladder", context={"vlan": 7}, meta_data={"a": []}
    )
    group = made(tenants.operator, "/group/", body)
    assert group.items() >= body.items()
    assert tenants.operator.get(path(group)).get_json() == group
    (listed,) = tenants.operator.get(f"{API}/group/").get_json()["results"]
    assert listed == group


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 61}, "name"),
        ({"organization": None}, "organization"),
        ({"organization": str(examples.NOBODY)}, "organization"),
        ({"templates": "x"}, "templates"),
        ({"templates": ["x"]}, "templates"),
        ({"templates": None}, "templates"),
        ({"context": []}, "context"),
        ({"meta_data": "x"}, "meta_data"),
    ],
)
def test_a_wrong_field_of_a_group_is_named(
    tenants: Tenants, changes: dict[str, Any], field: str
) -> None:
    body = group_body(tenants.ours, **changes)
    answer = tenants.operator.post(f"{API}/group/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}


def test_a_group_needs_name_organization_and_templates(tenants: Tenants) -> None:
    answer = tenants.operator.post(f"{API}/group/", json={})
    assert answer.get_json().keys() == {"name", "organization", "templates"}


def test_a_name_is_one_in_its_organization(tenants: Tenants) -> None:
    made(tenants.operator, "/group/", group_body(tenants.ours))
    answer = tenants.operator.post(f"{API}/group/", json=group_body(tenants.ours))
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"non_field_errors"}
    made(tenants.stranger, "/group/", group_body(tenants.theirs))
    other = made(tenants.operator, "/group/", group_body(tenants.ours, name="H"))
    answer = tenants.operator.patch(path(other), json={"name": "G"})
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"non_field_errors"}


def test_a_group_is_changed_in_part_or_whole(tenants: Tenants) -> None:
    group = made(tenants.operator, "/group/", group_body(tenants.ours))
    answer = tenants.operator.patch(path(group), json={"name": "H"})
    assert answer.get_json()["name"] == "H"
    answer = tenants.operator.put(path(group), json={})
    assert answer.get_json().keys() == {"name", "organization", "templates"}
    body = group_body(tenants.ours, description="again")
    answer = tenants.operator.put(path(group), json=body)
    assert (answer.status_code, answer.get_json()["name"]) == (200, "G")


def test_devices_go_on_without_a_group_that_is_deleted(tenants: Tenants) -> None:
    group = made(tenants.operator, "/group/", group_body(tenants.ours))
    body = device_body(tenants.ours, group=group["id"])
    device = made(tenants.operator, "/device/", body)
    answer = tenants.operator.delete(path(group))
    assert (answer.status_code, answer.data) == (204, b"")
    assert tenants.operator.get(path(group)).status_code == 404
    shown = tenants.operator.get(f"{API}/device/{device['id']}/").get_json()
    assert shown["group"] is None
    # The name is free, and nobody can be put into the old one any more.
    made(tenants.operator, "/group/", group_body(tenants.ours))
    answer = tenants.operator.patch(
        f"{API}/device/{device['id']}/", json={"group": group["id"]}
    )
    assert answer.get_json().keys() == {"group"}


def test_the_filter_for_empty_groups_is_the_wrong_way_round_as_ever(
    tenants: Tenants,
) -> None:
    full = made(tenants.operator, "/group/", group_body(tenants.ours))
    made(tenants.operator, "/group/", group_body(tenants.ours, name="empty"))
    made(tenants.operator, "/device/", device_body(tenants.ours, group=full["id"]))
    for query, names in (
        ("empty=true", ["G"]),
        ("empty=false", ["empty"]),
        ("", ["empty", "G"]),
        (f"organization={tenants.ours}", ["empty", "G"]),
        ("organization_slug=theirs", []),
    ):
        found = tenants.operator.get(f"{API}/group/?{query}").get_json()
        assert [each["name"] for each in found["results"]] == names
