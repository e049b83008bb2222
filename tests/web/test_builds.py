"""Builds: every field, error, order, filter and right of the contract."""

from uuid import UUID

import pytest

from application.flashlog import Flashlog
from tests.web.conftest import API
from tests.web.firmware import (
    UNKNOWN,
    a_build,
    a_category,
    ids,
    keys,
)
from tests.web.people import Caller, People

URL = f"{API}/build/"


@pytest.fixture
def category(admin: Caller, mine: UUID) -> str:
    return a_category(admin, organization=str(mine))


@pytest.fixture
def shared(admin: Caller) -> str:
    return a_category(admin, name="Shared")


@pytest.fixture
def foreign(admin: Caller, theirs: UUID) -> str:
    return a_category(admin, name="Foreign", organization=str(theirs))


def test_a_build_shows_its_category(manager: Caller, category: str, mine: UUID) -> None:
    answer = manager.post(URL, json={"category": category, "version": 1.5})

    assert answer.status_code == 201
    shown = answer.get_json()
    assert shown["category_relation"] == {"name": "WiFi", "organization": str(mine)}
    assert (shown["category"], shown["version"]) == (category, "1.5")
    assert (shown["os"], shown["changelog"]) == (None, "")
    assert manager.get(f"{URL}{shown['id']}/").get_json() == shown


def test_what_is_missing_is_named(manager: Caller) -> None:
    assert keys(manager.post(URL, json={})) == {"version", "category"}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", ""),
        ("version", "x" * 33),
        ("version", None),
        ("version", True),
        ("os", "x" * 65),
        ("os", []),
        ("changelog", None),
        ("category", "no-uuid"),
        ("category", UNKNOWN),
        ("category", None),
        ("category", ""),
        ("category", 7),
        ("health_checks", 7),
        ("health_checks", ["true\nreboot"]),
        ("health_checks", [""]),
        ("health_checks", "x" * 4001),
    ],
)
def test_a_field_that_cannot_be_is_refused(
    admin: Caller, category: str, field: str, value: object
) -> None:
    body = {"category": category, "version": "1.0"} | {field: value}
    assert keys(admin.post(URL, json=body)) == {field}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "x" * 32),
        ("os", "x" * 64),
        ("os", ""),
        ("os", None),
        ("changelog", ""),
        ("health_checks", ["ping -c 1 10.0.0.1", "true"]),
    ],
)
def test_a_field_at_its_limit_is_taken(
    admin: Caller, category: str, field: str, value: object
) -> None:
    body = {"category": category, "version": "1.0"} | {field: value}
    answer = admin.post(URL, json=body)
    assert answer.status_code == 201
    assert answer.get_json()[field] == value


def test_a_version_is_unique_in_its_category(
    admin: Caller, category: str, shared: str
) -> None:
    first = a_build(admin, category)
    a_build(admin, shared)
    other = a_build(admin, category, version="1.1")

    again = admin.post(URL, json={"category": category, "version": "1.0"})
    assert keys(again) == {"non_field_errors"}
    url = f"{URL}{other}/"
    assert keys(admin.patch(url, json={"version": "1.0"})) == {"non_field_errors"}
    assert keys(admin.patch(url, json={"category": shared, "version": "1.0"})) == {
        "non_field_errors"
    }
    assert admin.delete(f"{URL}{first}/").status_code == 204
    assert admin.patch(url, json={"version": "1.0"}).status_code == 200


def test_an_os_is_unique_in_an_organization(
    admin: Caller, category: str, shared: str, foreign: str, mine: UUID
) -> None:
    a_build(admin, category, os="OpenWrt 23.05")
    a_build(admin, shared, os="OpenWrt 23.05")
    a_build(admin, foreign, os="OpenWrt 23.05")
    second = a_category(admin, name="Mesh", organization=str(mine))

    again = {"category": second, "version": "1.0", "os": "OpenWrt 23.05"}
    assert keys(admin.post(URL, json=again)) == {"os"}
    for version in ("2", "3"):
        a_build(admin, second, version=version, os="")
    moved = a_build(admin, shared, version="4", os="OpenWrt 24.10")
    a_build(admin, category, version="5", os="OpenWrt 24.10")
    assert keys(admin.patch(f"{URL}{moved}/", json={"category": second})) == {"os"}


def test_changes_are_kept(manager: Caller, category: str) -> None:
    build = a_build(manager, category, os="OpenWrt", changelog="old")
    url = f"{URL}{build}/"

    patched = manager.patch(url, json={"version": "2.0"}).get_json()
    put = manager.put(url, json={"category": category, "version": "3", "os": ""})

    assert (patched["version"], patched["os"], patched["changelog"]) == (
        "2.0",
        "OpenWrt",
        "old",
    )
    assert (put.get_json()["version"], put.get_json()["os"]) == ("3", "")
    assert keys(manager.put(url, json={})) == {"version", "category"}


def test_managers_build_in_categories_of_their_own_alone(
    manager: Caller, category: str, shared: str, foreign: str
) -> None:
    build = a_build(manager, category)
    for other in (shared, foreign):
        refused = manager.post(URL, json={"category": other, "version": "1"})
        assert keys(refused) == {"category"}
        moved = manager.patch(f"{URL}{build}/", json={"category": other})
        assert keys(moved) == {"category"}


def test_shared_builds_are_seen_by_managers_and_changed_by_superusers(
    admin: Caller, people: People, manager: Caller, shared: str, mine: UUID
) -> None:
    build = a_build(admin, shared)
    url = f"{URL}{build}/"

    for caller in (manager, people.operator(mine)):
        assert ids(caller.get(URL)) == [build]
        assert caller.get(url).status_code == 200
        for method in ("PUT", "PATCH", "DELETE"):
            assert caller(method, url, json={}).status_code == 403
    assert admin.patch(url, json={"version": "2"}).status_code == 200


def test_foreign_builds_are_not_there(
    admin: Caller, manager: Caller, foreign: str
) -> None:
    url = f"{URL}{a_build(admin, foreign)}/"

    assert ids(manager.get(URL)) == []
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = manager(method, url, json={})
        assert answer.status_code == 404
        assert answer.get_json() == {"detail": "No Build matches the given query."}


def test_who_may_do_what(people: People, mine: UUID, category: str) -> None:
    operator = people.operator(mine)
    assert people.anonymous().get(URL).status_code == 401
    assert operator.get(URL).status_code == 200
    assert operator.post(URL, json={}).status_code == 403
    for caller in (people.manager_without_permissions(mine), people.member(mine)):
        assert caller.get(URL).status_code == 403
        assert caller.post(URL, json={}).status_code == 403


def test_the_list_is_filtered_and_ordered(
    admin: Caller, manager: Caller, category: str, shared: str, foreign: str
) -> None:
    one = a_build(admin, category, version="1", os="OpenWrt")
    two = a_build(admin, category, version="2")
    three = a_build(admin, shared, version="1")
    a_build(admin, foreign, version="1")

    assert ids(manager.get(URL)) == [three, two, one]
    assert ids(manager.get(f"{URL}?ordering=-version,created")) == [two, one, three]
    assert ids(manager.get(f"{URL}?ordering=modified")) == [one, two, three]
    assert ids(manager.get(f"{URL}?category={category}")) == [two, one]
    assert ids(manager.get(f"{URL}?version=1&category={category}")) == [one]
    assert ids(manager.get(f"{URL}?os=OpenWrt")) == [one]
    assert ids(manager.get(f"{URL}?os=&version=")) == [three, two, one]
    assert ids(manager.get(f"{URL}?organization=mine")) == [two, one]
    assert ids(manager.get(f"{URL}?organization=theirs")) == []
    for nothing in ("no-uuid", UNKNOWN, foreign):
        assert keys(manager.get(f"{URL}?category={nothing}")) == {"category"}


@pytest.mark.sqlite("it reads SQLite's plan")
def test_the_same_answer_for_ten_thousand(flashlog: Flashlog, admin: Caller) -> None:
    """Orders that are asked for walk an index and sort nothing."""
    orders = {
        "build": ("position DESC, version DESC", "version DESC, position"),
        "category": ("name DESC, position DESC",),
    }
    for table, columns in orders.items():
        for column in columns:
            plan = flashlog.views.rows(
                f"EXPLAIN QUERY PLAN SELECT * FROM {table} ORDER BY {column} LIMIT 10"
            )
            details = " ".join(row["detail"] for row in plan)
            assert "USING INDEX" in details
            assert column != "name DESC, position DESC" or "TEMP" not in details
