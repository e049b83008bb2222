"""Organizations over REST, who owns them, and what it means that one is inactive."""

from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.people import People

ORGANIZATIONS = "/api/v1/users/organization/"
OPERATIONS = "/api/v1/firmware-upgrader/upgrade-operation/"


@pytest.fixture
def superuser(people: People) -> Caller:
    return people.superuser()


def made(superuser: Caller, slug: str = "freifunk", **sent: Any) -> dict[str, Any]:
    answer = superuser.post(ORGANIZATIONS, json={"name": slug, "slug": slug} | sent)
    assert answer.status_code == 201, answer.get_json()
    shown: dict[str, Any] = answer.get_json()
    return shown


def test_a_new_organization_is_shown_as_it_was_made(superuser: Caller) -> None:
    shown = made(
        superuser, name="Frei Funk", description="A community.", email="a@b.example"
    )

    UUID(shown.pop("id"))
    assert shown.pop("created").endswith("Z")
    assert shown.pop("modified").endswith("Z")
    assert shown == {
        "name": "Frei Funk",
        "slug": "freifunk",
        "is_active": True,
        "description": "A community.",
        "email": "a@b.example",
        "url": "",
    }


def test_superusers_see_all_newest_first_and_others_those_they_manage(
    superuser: Caller, people: People
) -> None:
    first, second = made(superuser, "first"), made(superuser, "second")
    administrator = people.administrator(UUID(first["id"]))

    def slugs(caller: Caller) -> list[str]:
        listed = caller.get(ORGANIZATIONS).get_json()
        return [each["slug"] for each in listed["results"]]

    assert slugs(superuser) == ["second", "first", "default"]
    assert (
        slugs(administrator) == slugs(people.operator(UUID(first["id"]))) == ["first"]
    )
    assert slugs(people.member(UUID(first["id"]))) == []
    for method in ("GET", "PUT", "PATCH"):
        answer = administrator(method, f"{ORGANIZATIONS}{second['id']}/", json={})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"name": ""}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"slug": "a b"}, {"slug"}),
        ({"slug": "größe"}, {"slug"}),
        ({"slug": None}, {"slug"}),
        ({"email": "nobody"}, {"email"}),
        ({"url": "nowhere"}, {"url"}),
        ({"is_active": "perhaps"}, {"is_active"}),
    ],
)
def test_every_wrong_field_is_named(
    superuser: Caller, flashlog: Flashlog, sent: dict[str, Any], wrong: set[str]
) -> None:
    end = flashlog.log.end()
    new = {"name": "x", "slug": "x"}
    answer = superuser.post(ORGANIZATIONS, json=new | sent)

    assert answer.status_code == 400
    assert set(answer.get_json()) == wrong
    assert flashlog.log.end() == end


def test_an_empty_body_needs_name_and_slug(superuser: Caller) -> None:
    assert set(superuser.post(ORGANIZATIONS, json={}).get_json()) == {"name", "slug"}


def test_a_slug_is_given_once_and_superusers_learn_to_whom(
    superuser: Caller, people: People
) -> None:
    first, second = made(superuser, "first"), made(superuser, "second")
    taken = superuser.post(ORGANIZATIONS, json={"name": "x", "slug": "first"})
    default = superuser.post(ORGANIZATIONS, json={"name": "x", "slug": "default"})
    changed = superuser.patch(f"{ORGANIZATIONS}{second['id']}/", json={"slug": "first"})
    foreign = people.administrator(UUID(second["id"])).patch(
        f"{ORGANIZATIONS}{second['id']}/", json={"slug": "first"}
    )

    assert {each.status_code for each in (taken, default, changed, foreign)} == {400}
    assert set(taken.get_json()) == {"slug", "organization"}
    assert taken.get_json()["organization"] == [first["id"]]
    assert default.get_json()["organization"] == [str(DEFAULT_ORGANIZATION_ID)]
    assert changed.get_json()["organization"] == [first["id"]]
    assert set(foreign.get_json()) == {"slug"}


def test_put_and_patch_change_an_organization(superuser: Caller) -> None:
    path = f"{ORGANIZATIONS}{made(superuser, description='old')['id']}/"

    assert superuser.put(path, json={"name": "x"}).status_code == 400
    put = superuser.put(path, json={"name": "New", "slug": "new", "is_active": False})
    patched = superuser.patch(path, json={"url": "https://new.example"})
    assert put.status_code == patched.status_code == 200
    detail = superuser.get(path).get_json()
    assert detail == patched.get_json()
    assert (detail["name"], detail["slug"], detail["is_active"]) == (
        "New",
        "new",
        False,
    )
    assert detail["description"] == "old"
    assert made(superuser, "freifunk")["slug"] == "freifunk"


def test_administrators_describe_their_own_but_do_not_deactivate_it(
    superuser: Caller, people: People
) -> None:
    own = made(superuser)
    path = f"{ORGANIZATIONS}{own['id']}/"
    administrator = people.administrator(UUID(own["id"]))
    answer = administrator.patch(path, json={"description": "x", "is_active": False})

    assert answer.status_code == 200
    assert answer.get_json()["description"] == "x"
    assert answer.get_json()["is_active"]
    assert administrator.delete(path).status_code == 403
    assert administrator.post(ORGANIZATIONS, json={}).status_code == 403
    operator = people.operator(UUID(own["id"]))
    assert operator.patch(path, json={"description": "y"}).status_code == 403


# --- owners --------------------------------------------------------------------------


def owner(superuser: Caller, org: str) -> Any:
    return superuser.get(f"{ORGANIZATIONS}{org}/").get_json()["owner"]


def own(superuser: Caller, org: str, membership_id: object) -> Any:
    sent = {"owner": {"organization_user": membership_id}}
    return superuser.patch(f"{ORGANIZATIONS}{org}/", json=sent)


def membership_of(flashlog: Flashlog, caller: Caller) -> str:
    (row,) = flashlog.views.rows(
        "SELECT id FROM membership WHERE parent_id = ?", [str(caller.user_id)]
    )
    return str(row["id"])


def test_the_first_manager_owns_it(
    superuser: Caller, people: People, flashlog: Flashlog
) -> None:
    org = made(superuser)["id"]
    assert owner(superuser, org) is None
    people.member(UUID(org))
    assert owner(superuser, org) is None
    first = people.administrator(UUID(org))
    people.administrator(UUID(org))

    membership_id = membership_of(flashlog, first)
    assert owner(superuser, org) == {"organization_user": membership_id}


def test_somebody_else_may_own_it_or_nobody(
    superuser: Caller, people: People, flashlog: Flashlog
) -> None:
    org = made(superuser)["id"]
    people.administrator(UUID(org))
    second = membership_of(flashlog, people.administrator(UUID(org)))

    assert own(superuser, org, second).get_json()["owner"] == {
        "organization_user": second
    }
    for nobody in (None, ""):
        own(superuser, org, second)
        assert own(superuser, org, nobody).get_json()["owner"] is None


def test_only_who_belongs_to_it_may_own_it(
    superuser: Caller, people: People, flashlog: Flashlog
) -> None:
    org, other = made(superuser)["id"], made(superuser, "other")["id"]
    foreign = membership_of(flashlog, people.administrator(UUID(other)))

    for wrong in (foreign, str(examples.NOBODY), "x"):
        answer = own(superuser, org, wrong)
        assert answer.status_code == 400
        assert set(answer.get_json()["owner"]) == {"organization_user"}
    assert superuser.patch(f"{ORGANIZATIONS}{org}/", json={"owner": {}}).get_json() == {
        "owner": {"organization_user": ["This field is required."]}
    }


# --- inactive and deleted ------------------------------------------------------------


def test_memberships_in_an_inactive_organization_do_not_count_at_once(
    superuser: Caller, people: People
) -> None:
    org = made(superuser)["id"]
    path = f"{ORGANIZATIONS}{org}/"
    administrator = people.administrator(UUID(org))
    assert administrator.get(OPERATIONS).status_code == 200

    superuser.patch(path, json={"is_active": False})
    assert administrator.get(OPERATIONS).status_code == 403
    assert administrator.get(path).status_code == 404
    assert superuser.get(path).status_code == 200

    superuser.patch(path, json={"is_active": True})
    assert administrator.get(OPERATIONS).status_code == 200


def test_a_deleted_organization_is_gone_and_its_slug_free(
    superuser: Caller, people: People
) -> None:
    org = made(superuser)["id"]
    administrator = people.administrator(UUID(org))
    path = f"{ORGANIZATIONS}{org}/"

    assert superuser.delete(path).status_code == 204
    assert superuser.get(path).status_code == 404
    assert superuser.delete(path).status_code == 404
    assert administrator.get(OPERATIONS).status_code == 403
    user = superuser.get(f"/api/v1/users/user/{administrator.user_id}/").get_json()
    assert user["organization_users"] == []
    assert made(superuser)["id"] != org


def test_an_organization_that_owns_something_stays(
    superuser: Caller, flashlog: Flashlog
) -> None:
    org = made(superuser)["id"]
    examples.category(flashlog, organization_id=UUID(org))
    answer = superuser.delete(f"{ORGANIZATIONS}{org}/")

    assert answer.status_code == 409
    assert "categories" in answer.get_json()["detail"]


def test_the_default_organization_stays(superuser: Caller) -> None:
    path = f"{ORGANIZATIONS}{DEFAULT_ORGANIZATION_ID}/"

    assert superuser.delete(path).status_code == 409
    assert superuser.patch(path, json={"slug": "mine"}).status_code == 200
    assert made(superuser, "default")["slug"] == "default"
