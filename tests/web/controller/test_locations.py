from typing import Any

import pytest

from tests.web import examples
from tests.web.controller.conftest import (
    API,
    POINT,
    Tenants,
    device_body,
    location_body,
    made,
)

FEATURE = {
    "type": "Feature",
    "geometry": POINT,
    "properties": {"type": "indoor", "name": "Attic", "address": "Rome"},
}


def path(location: dict[str, Any]) -> str:
    return f"{API}/location/{location['id']}/"


def of(device: dict[str, Any]) -> str:
    return f"{API}/device/{device['id']}/location/"


def test_a_location_is_shown_as_it_was_said(tenants: Tenants) -> None:
    body = location_body(tenants.ours, address="Rome")
    location = made(tenants.operator, "/location/", body)
    assert location.items() >= body.items()
    assert (location["is_mobile"], location["floorplan"]) == (False, [])
    assert tenants.operator.get(path(location)).get_json() == location
    (listed,) = tenants.operator.get(f"{API}/location/").get_json()["results"]
    assert listed == location


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "a" * 76}, "name"),
        ({"type": "lunar"}, "type"),
        ({"organization": None}, "organization"),
        ({"is_mobile": "perhaps"}, "is_mobile"),
        ({"geometry": None}, "geometry"),
        ({"geometry": "Rome"}, "geometry"),
        ({"geometry": {}}, "geometry"),
        ({"geometry": {"type": []}}, "geometry"),
        ({"geometry": {"type": "Point"}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": ["a", "b"]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [True, 1]}}, "geometry"),
        ({"geometry": {"type": "Point", "coordinates": [1]}}, "geometry"),
        ({"geometry": {"type": "Square", "coordinates": [1, 2]}}, "geometry"),
    ],
)
def test_a_wrong_field_of_a_location_is_named(
    tenants: Tenants, changes: dict[str, Any], field: str
) -> None:
    body = location_body(tenants.ours, **changes)
    answer = tenants.operator.post(f"{API}/location/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {field}


def test_a_location_without_geometry_is_refused_unless_it_moves(
    tenants: Tenants,
) -> None:
    body = location_body(tenants.ours)
    del body["geometry"]
    answer = tenants.operator.post(f"{API}/location/", json=body)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"geometry"}
    van = made(tenants.operator, "/location/", body | {"is_mobile": True})
    assert (van["is_mobile"], van["geometry"]) == (True, None)
    answer = tenants.operator.patch(path(van), json={"is_mobile": False})
    assert answer.get_json().keys() == {"geometry"}


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "LineString", "coordinates": [[0, 0], [1, 1.5]]},
        {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 0]]]},
        {"type": "GeometryCollection", "geometries": [POINT]},
    ],
)
def test_a_location_may_have_any_form(
    tenants: Tenants, geometry: dict[str, Any]
) -> None:
    body = location_body(tenants.ours, geometry=geometry)
    assert made(tenants.operator, "/location/", body)["geometry"] == geometry


def test_a_location_is_changed_in_part_or_whole(tenants: Tenants) -> None:
    location = made(tenants.operator, "/location/", location_body(tenants.ours))
    answer = tenants.operator.patch(path(location), json={"name": "M"})
    assert (answer.status_code, answer.get_json()["name"]) == (200, "M")
    answer = tenants.operator.put(path(location), json={})
    assert answer.get_json().keys() == {"name", "organization", "type"}
    body = location_body(tenants.ours, type="indoor")
    assert tenants.operator.put(path(location), json=body).status_code == 200


def test_locations_are_filtered(tenants: Tenants) -> None:
    made(tenants.operator, "/location/", location_body(tenants.ours))
    van = location_body(tenants.ours, name="van", is_mobile=True, type="indoor")
    made(tenants.operator, "/location/", van)
    for query, names in (
        ("", ["van", "L"]),
        ("type=indoor", ["van"]),
        ("is_mobile=true", ["van"]),
        ("is_mobile=false", ["L"]),
        (f"organization={tenants.ours}", ["van", "L"]),
        ("organization_slug=theirs", []),
    ):
        found = tenants.operator.get(f"{API}/location/?{query}").get_json()
        assert [each["name"] for each in found["results"]] == names
    assert tenants.operator.get(f"{API}/location/?type=lunar").status_code == 400


def test_a_device_is_put_at_a_location_and_taken_away(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    location = made(tenants.operator, "/location/", location_body(tenants.ours))
    for method in ("GET", "PATCH", "DELETE"):
        assert tenants.operator(method, of(device), json={}).status_code == 404
    told = {"location": location["id"]}
    answer = tenants.operator.put(of(device), json=told)
    assert answer.status_code == 201
    assert answer.get_json() == {
        "location": {
            "id": location["id"],
            "type": "Feature",
            "geometry": POINT,
            "properties": {
                "type": "outdoor",
                "is_mobile": False,
                "name": "L",
                "address": "",
            },
        },
        "floorplan": None,
        "indoor": None,
    }
    assert tenants.operator.get(of(device)).get_json() == answer.get_json()
    assert tenants.operator.put(of(device), json=told).status_code == 200
    assert tenants.operator.patch(of(device), json={}).status_code == 200
    assert tenants.operator.post(of(device), json=told).status_code == 405
    assert tenants.operator.delete(of(device)).status_code == 204
    assert tenants.operator.get(of(device)).status_code == 404
    assert tenants.operator.get(path(location)).status_code == 200


def test_a_location_is_described_on_the_spot(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    answer = tenants.operator.put(of(device), json={"location": FEATURE})
    assert answer.status_code == 201
    first = answer.get_json()["location"]
    assert first["properties"]["name"] == "Attic"
    moved = FEATURE | {"geometry": {"type": "Point", "coordinates": [0, 0]}}
    answer = tenants.operator.put(of(device), json={"location": moved})
    assert answer.status_code == 200
    assert answer.get_json()["location"]["id"] == first["id"]
    assert answer.get_json()["location"]["geometry"] == moved["geometry"]


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"location": None},
        {"location": ""},
        {"location": "x"},
        {"location": 7},
        {"location": str(examples.NOBODY)},
        {"location": {"type": "Feature"}},
        {"location": FEATURE | {"geometry": None}},
        {"location": FEATURE | {"properties": {"type": "indoor"}}},
    ],
)
def test_a_location_that_cannot_be_is_refused(
    tenants: Tenants, told: dict[str, Any]
) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    answer = tenants.operator.put(of(device), json=told)
    assert answer.status_code == 400
    assert answer.get_json().keys() == {"location"}


def test_a_foreign_location_is_as_one_that_there_is_not(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    theirs = made(tenants.stranger, "/location/", location_body(tenants.theirs))
    answers = []
    for location_id in (theirs["id"], str(examples.NOBODY)):
        told = {"location": location_id}
        answer = tenants.operator.put(of(device), json=told)
        assert answer.status_code == 400
        assert answer.get_json()["location"].keys() == {"location"}
        answers.append(answer.get_json())
    assert answers[0] == answers[1]


def test_a_deactivated_device_stays_where_it_is(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    tenants.operator.put(of(device), json={"location": FEATURE})
    tenants.operator.post(f"{API}/device/{device['id']}/deactivate/")
    assert tenants.operator.get(of(device)).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        answer = tenants.operator(method, of(device), json={"location": FEATURE})
        assert answer.status_code == 403


def test_devices_go_on_without_a_location_that_is_deleted(tenants: Tenants) -> None:
    device = made(tenants.operator, "/device/", device_body(tenants.ours))
    told = tenants.operator.put(of(device), json={"location": FEATURE}).get_json()
    assert tenants.operator.delete(path(told["location"])).status_code == 204
    assert tenants.operator.get(of(device)).status_code == 404
    shown = tenants.operator.get(f"{API}/device/{device['id']}/").get_json()
    assert shown["location"] is None
