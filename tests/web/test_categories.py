"""Categories: every field, error, order and right of the contract."""

from uuid import UUID

import pytest

from application.flashlog import Flashlog
from tests.web.conftest import API
from tests.web.firmware import (
    UNKNOWN,
    a_build,
    a_category,
    an_image,
    ids,
    keys,
)
from tests.web.people import Caller, People

URL = f"{API}/category/"


def test_a_superuser_makes_a_shared_category(admin: Caller) -> None:
    answer = admin.post(URL, json={"name": "WiFi", "id": UNKNOWN, "odd": 1})

    assert answer.status_code == 201
    assert answer.get_json()["organization"] is None
    assert answer.get_json()["description"] == ""
    assert answer.get_json()["id"] != UNKNOWN
    assert admin.get(f"{URL}{answer.get_json()['id']}/").get_json() == answer.get_json()


def test_a_form_makes_one_too(admin: Caller, mine: UUID) -> None:
    form = {"name": "WiFi", "organization": str(mine), "description": "for roofs"}

    answer = admin.post(URL, data=form)

    assert answer.status_code == 201
    assert (answer.get_json()["organization"], answer.get_json()["description"]) == (
        str(mine),
        "for roofs",
    )
    assert (
        admin.post(URL, data={"name": "Shared", "organization": ""}).get_json()[
            "organization"
        ]
        is None
    )


def test_a_manager_names_an_organization_of_their_own(
    manager: Caller, mine: UUID, theirs: UUID
) -> None:
    assert keys(manager.post(URL, json={})) == {"name", "organization"}
    for organization in ("", None, str(theirs), UNKNOWN, "no-uuid"):
        body = {"name": "WiFi", "organization": organization}
        assert keys(manager.post(URL, json=body)) == {"organization"}

    null = manager.post(URL, json={"name": "WiFi", "organization": None})
    assert null.get_json() == {"organization": ["This field may not be null."]}
    foreign = manager.post(URL, json={"name": "WiFi", "organization": str(theirs)})
    assert foreign.get_json()["organization"][0].startswith("Invalid pk")
    a_category(manager, organization=str(mine))


@pytest.mark.parametrize("name", ["", " ", "x" * 65, None, True, [], {}])
def test_a_name_that_is_none_is_refused(admin: Caller, name: object) -> None:
    assert keys(admin.post(URL, json={"name": name})) == {"name"}


def test_a_name_of_64_characters_is_one(admin: Caller) -> None:
    a_category(admin, name="x" * 64)


def test_a_name_is_unique_in_its_organization_and_among_the_shared(
    admin: Caller, mine: UUID
) -> None:
    for organization in (None, str(mine)):
        first = a_category(admin, organization=organization)
        again = {"name": "WiFi", "organization": organization}
        assert keys(admin.post(URL, json=again)) == {"non_field_errors"}
        other = a_category(admin, name="wifi", organization=organization)
        taken = admin.patch(f"{URL}{other}/", json={"name": "WiFi"})
        assert keys(taken) == {"non_field_errors"}
        assert admin.delete(f"{URL}{first}/").status_code == 204
        assert admin.patch(f"{URL}{other}/", json={"name": "WiFi"}).status_code == 200


def test_a_body_that_is_no_object_is_refused(admin: Caller) -> None:
    assert keys(admin.post(URL, json=["WiFi"])) == {"non_field_errors"}
    text = admin.post(URL, data="{", content_type="application/json")
    assert keys(text) == {"detail"}
    assert admin.post(URL, data="x", content_type="text/plain").status_code == 415


def test_changes_are_kept_and_tell_when(admin: Caller) -> None:
    category = a_category(admin, description="old")
    url = f"{URL}{category}/"
    before = admin.get(url).get_json()

    patched = admin.patch(url, json={"name": "Mesh"}).get_json()
    put = admin.put(url, json={"name": "Roofs", "description": "new"}).get_json()

    assert (patched["name"], patched["description"]) == ("Mesh", "old")
    assert (put["name"], put["description"]) == ("Roofs", "new")
    assert put["created"] == before["created"]
    assert put["modified"] > patched["modified"] > before["modified"]
    assert keys(admin.put(url, json={})) == {"name"}
    assert admin.patch(url, json={}).status_code == 200


def test_a_manager_names_the_organization_again_in_a_put(
    manager: Caller, mine: UUID
) -> None:
    category = a_category(manager, organization=str(mine))
    url = f"{URL}{category}/"

    assert keys(manager.put(url, json={"name": "WiFi"})) == {"organization"}
    full = {"name": "Mesh", "organization": str(mine)}
    assert manager.put(url, json=full).get_json()["name"] == "Mesh"
    assert manager.patch(url, json={"name": "WiFi"}).status_code == 200
    assert keys(manager.patch(url, json={"organization": None})) == {"organization"}


def test_what_is_shared_is_seen_by_managers_and_changed_by_superusers(
    admin: Caller, manager: Caller
) -> None:
    category = a_category(admin)
    url = f"{URL}{category}/"

    assert ids(manager.get(URL)) == [category]
    assert manager.get(url).status_code == 200
    for method in ("PUT", "PATCH", "DELETE"):
        # before the body is looked at
        assert manager(method, url, json={"name": 7.5}).status_code == 403
    assert admin.delete(url).status_code == 204


def test_what_is_foreign_is_not_there(
    admin: Caller, manager: Caller, theirs: UUID
) -> None:
    category = a_category(admin, organization=str(theirs))
    url = f"{URL}{category}/"

    assert ids(manager.get(URL)) == []
    for method in ("GET", "PUT", "PATCH", "DELETE"):
        answer = manager(method, url, json={})
        assert answer.status_code == 404
        assert answer.get_json() == {"detail": "No Category matches the given query."}


def test_who_may_do_what(people: People, mine: UUID, manager: Caller) -> None:
    category = a_category(manager, organization=str(mine))
    nobody = people.anonymous()
    assert nobody.get(URL).status_code == 401
    others = (
        people.operator(mine),
        people.manager_without_permissions(mine),
        people.member(mine),
    )
    for caller in others:
        for method in ("GET", "POST"):
            assert caller(method, URL, json={}).status_code == 403
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = caller(method, f"{URL}{category}/", json={})
            assert answer.status_code == 403


def test_the_list_is_ordered_and_filtered(
    admin: Caller, mine: UUID, theirs: UUID
) -> None:
    b = a_category(admin, name="b", organization=str(mine))
    a = a_category(admin, name="a", organization=str(theirs))
    c = a_category(admin, name="c")

    assert ids(admin.get(URL)) == [c, b, a]
    assert ids(admin.get(f"{URL}?ordering=name")) == [a, b, c]
    assert ids(admin.get(f"{URL}?ordering=created")) == [b, a, c]
    assert ids(admin.get(f"{URL}?ordering=-modified,odd")) == [c, a, b]
    assert ids(admin.get(f"{URL}?organization=mine")) == [b]
    for nothing in (mine, "unknown"):
        assert ids(admin.get(f"{URL}?organization={nothing}")) == []
    assert admin.get(f"{URL}{b}/?organization=mine").status_code == 200
    assert admin.get(f"{URL}{b}/?organization=theirs").status_code == 404
    assert admin.get(URL, query_string={"page_size": 2}).get_json()["next"]


def test_deleting_takes_everything_in_it_along(
    flashlog: Flashlog, admin: Caller
) -> None:
    category = a_category(admin)
    build = a_build(admin, category, os="OpenWrt")
    image = an_image(admin, build)

    assert admin.delete(f"{URL}{category}/").data == b""

    for path in (f"category/{category}", f"build/{build}"):
        assert admin.get(f"{API}/{path}/").status_code == 404
    assert admin.get(f"{API}/build/{build}/image/{image}/").status_code == 404
    assert list(flashlog.images) == []
    # names, versions and identifiers are free again
    a_build(admin, a_category(admin), os="OpenWrt")


def test_a_category_given_to_another_organization_takes_its_identifiers_along(
    admin: Caller, mine: UUID, theirs: UUID
) -> None:
    moved = a_category(admin, organization=str(mine))
    a_build(admin, moved, os="OpenWrt")
    taken = a_category(admin, name="Mesh", organization=str(theirs))
    other = a_build(admin, taken, os="OpenWrt")
    url = f"{URL}{moved}/"

    assert keys(admin.patch(url, json={"organization": str(theirs)})) == {
        "organization"
    }
    admin.patch(f"{API}/build/{other}/", json={"os": None})
    assert admin.patch(url, json={"organization": str(theirs)}).status_code == 200
    again = admin.patch(f"{API}/build/{other}/", json={"os": "OpenWrt"})
    assert keys(again) == {"os"}


def test_options_describe_what_may_be_sent(admin: Caller, manager: Caller) -> None:
    actions = admin("OPTIONS", URL).get_json()["actions"]
    assert actions["POST"]["name"]["required"]
    assert not actions["POST"]["organization"]["required"]
    assert actions["POST"]["id"]["read_only"]
    assert manager("OPTIONS", URL).get_json()["actions"]["POST"]["organization"][
        "required"
    ]


def test_other_methods_are_refused_by_name(admin: Caller) -> None:
    answer = admin.delete(URL)
    assert answer.status_code == 405
    assert answer.get_json() == {"detail": 'Method "DELETE" not allowed.'}
