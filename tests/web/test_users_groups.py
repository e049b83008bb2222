"""Groups over REST, and what belonging to one permits."""

from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.permissions import PERMISSIONS
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.people import People

GROUPS = "/api/v1/users/group/"
OPERATIONS = "/api/v1/firmware-upgrader/upgrade-operation/"
VIEW_OPERATIONS = PERMISSIONS["view_upgradeoperation"]


@pytest.fixture
def superuser(people: People) -> Caller:
    return people.superuser()


@pytest.fixture
def org(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "own")


def made(superuser: Caller, **sent: Any) -> dict[str, Any]:
    answer = superuser.post(GROUPS, json={"name": "watchers"} | sent)
    assert answer.status_code == 201, answer.get_json()
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_operator_and_administrator_are_always_there(superuser: Caller) -> None:
    listed = superuser.get(GROUPS).get_json()
    permissions = {each["name"]: each["permissions"] for each in listed["results"]}

    assert list(permissions) == ["Administrator", "Operator"]
    assert "25: device | Can add Device" in permissions["Operator"]
    texts = " ".join(permissions["Operator"])
    assert "credentials" not in texts
    assert "category" not in texts
    assert set(permissions["Operator"]) < set(permissions["Administrator"])
    for each in listed["results"]:
        path = f"{GROUPS}{each['id']}/"
        assert superuser.get(path).get_json() == each
        for method in ("PUT", "PATCH", "DELETE"):
            assert superuser(method, path, json={"name": "x"}).status_code == 409


def test_groups_are_listed_by_name(superuser: Caller) -> None:
    made(superuser)
    made(superuser, name="allrounders")
    listed = superuser.get(GROUPS, query_string={"page_size": 3}).get_json()

    names = [each["name"] for each in listed["results"]]
    assert names == ["Administrator", "allrounders", "Operator"]
    assert listed["count"] == 4
    assert listed["next"]


def test_permissions_are_written_as_numbers_or_texts(superuser: Caller) -> None:
    sent = [VIEW_OPERATIONS.text, 1, "1"]
    shown = made(superuser, permissions=sent)

    assert shown["id"] == 3
    assert shown["permissions"] == [PERMISSIONS["add_category"].text, sent[0]]
    assert superuser.get(f"{GROUPS}3/").get_json() == shown


def test_a_group_without_permissions_is_one(superuser: Caller) -> None:
    assert made(superuser)["permissions"] == []


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"name"}),
        ({"name": " "}, {"name"}),
        ({"name": "x" * 151}, {"name"}),
        ({"name": "Watchers"}, {"name"}),
        ({"name": "operator"}, {"name"}),
        ({"name": "x", "permissions": [0]}, {"permissions"}),
        ({"name": "x", "permissions": [9999]}, {"permissions"}),
        ({"name": "x", "permissions": ["all"]}, {"permissions"}),
        ({"name": "x", "permissions": None}, {"permissions"}),
        ({"name": "x", "permissions": {"id": 1}}, {"permissions"}),
    ],
)
def test_every_wrong_field_is_named(
    superuser: Caller, sent: dict[str, Any], wrong: set[str]
) -> None:
    made(superuser)
    answer = superuser.post(GROUPS, json=sent)

    assert answer.status_code == 400
    assert set(answer.get_json()) == wrong


def test_a_group_is_changed(superuser: Caller) -> None:
    path = f"{GROUPS}{made(superuser, permissions=[1])['id']}/"

    assert superuser.patch(path, json={"name": "viewers"}).get_json() == {
        "id": 3,
        "name": "viewers",
        "permissions": [PERMISSIONS["add_category"].text],
    }
    assert superuser.put(path, json={"permissions": []}).status_code == 400
    put = superuser.put(path, json={"name": "viewers", "permissions": []})
    assert put.get_json()["permissions"] == []
    assert made(superuser)["id"] == 4


def test_a_group_gives_and_takes_what_it_permits_at_once(
    superuser: Caller, people: People, org: UUID
) -> None:
    group = made(superuser, permissions=[VIEW_OPERATIONS.number])["id"]
    manager = people.caller(people.user(org, is_admin=True, groups=(group,)))
    assert manager.get(OPERATIONS).status_code == 200

    superuser.patch(f"{GROUPS}{group}/", json={"permissions": []})
    assert manager.get(OPERATIONS).status_code == 403
    sent = {"permissions": [VIEW_OPERATIONS.text]}
    superuser.patch(f"{GROUPS}{group}/", json=sent)
    assert manager.get(OPERATIONS).status_code == 200

    assert superuser.delete(f"{GROUPS}{group}/").status_code == 204
    assert manager.get(OPERATIONS).status_code == 403


def test_a_permission_of_ones_own_counts_as_well(people: People, org: UUID) -> None:
    held = ("view_upgradeoperation",)
    manager = people.caller(people.user(org, is_admin=True, permissions=held))
    assert manager.get(OPERATIONS).status_code == 200


def test_the_number_of_a_deleted_group_is_not_given_again(superuser: Caller) -> None:
    path = f"{GROUPS}{made(superuser)['id']}/"
    assert superuser.delete(path).status_code == 204
    assert superuser.get(path).status_code == 404
    assert superuser.delete(path).status_code == 404

    assert made(superuser)["id"] == 4


@pytest.mark.parametrize("group_id", [0, 99, 10**30])
def test_an_unknown_group_is_not_found(superuser: Caller, group_id: int) -> None:
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = superuser(method, f"{GROUPS}{group_id}/", json={"name": "x"})
        assert answer.status_code == 404


def test_administrators_see_groups_and_change_none(people: People, org: UUID) -> None:
    administrator = people.administrator(org)

    assert administrator.get(GROUPS).status_code == 200
    assert administrator.get(f"{GROUPS}1/").status_code == 200
    assert administrator.post(GROUPS, json={"name": "x"}).status_code == 403
    for method in ("PUT", "PATCH", "DELETE"):
        assert administrator(method, f"{GROUPS}1/", json={}).status_code == 403


def test_nobody_permits_more_than_they_may_do_themselves(
    superuser: Caller, people: People, org: UUID
) -> None:
    held = [
        PERMISSIONS[name].number
        for name in ("view_group", "add_group", "change_group", "view_device")
    ]
    group = made(superuser, permissions=held)["id"]
    theirs = made(superuser, name="theirs", permissions=[1])["id"]
    manager = people.caller(people.user(org, is_admin=True, groups=(group,)))
    more = [*held, PERMISSIONS["add_user"].number]

    for answer in (
        manager.patch(f"{GROUPS}{group}/", json={"permissions": more}),
        manager.put(f"{GROUPS}{group}/", json={"name": "x", "permissions": more}),
        manager.post(GROUPS, json={"name": "x", "permissions": more}),
    ):
        assert answer.status_code == 400
        assert set(answer.get_json()) == {"permissions"}
    sent = {"permissions": [1, *held]}
    assert manager.patch(f"{GROUPS}{theirs}/", json=sent).status_code == 200
    answer = manager.post(GROUPS, json={"name": "x", "permissions": held})
    assert answer.status_code == 201
