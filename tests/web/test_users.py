"""Users over REST: what may be said of them, what is shown, and to whom."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from tests.application.houses import kept_in_vault
from tests.contents import contents
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.people import People
from web.app import create_app

USERS = "/api/v1/users/user/"
TOKEN = "/api/v1/users/token/"
NEW = {"username": "u2", "email": "u2@example.org", "password": "tester"}


@pytest.fixture
def superuser(people: People) -> Caller:
    return people.superuser()


@pytest.fixture
def org(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "own")


@pytest.fixture
def other(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "other")


def made(caller: Caller, **sent: Any) -> dict[str, Any]:
    answer = caller.post(USERS, json=NEW | sent)
    assert answer.status_code == 201, answer.get_json()
    shown: dict[str, Any] = answer.get_json()
    return shown


def ids(caller: Caller) -> list[str]:
    answer = caller.get(USERS, query_string={"page_size": 100})
    return [each["id"] for each in answer.get_json()["results"]]


# --- making --------------------------------------------------------------------------


def test_a_new_user_is_shown_as_it_was_made(superuser: Caller, org: UUID) -> None:
    shown = made(
        superuser,
        is_staff=True,
        groups=[1],
        organization_users={"organization": str(org), "is_admin": True},
    )

    UUID(shown.pop("id"))
    assert shown == {
        "username": "u2",
        "email": "u2@example.org",
        "first_name": "",
        "last_name": "",
        "phone_number": None,
        "birth_date": None,
        "is_active": True,
        "is_staff": True,
        "is_superuser": False,
        "expiration_date": None,
        "groups": [1],
        "organization_users": [{"is_admin": True, "organization": str(org)}],
    }


def test_all_that_is_known_of_a_user_is_shown_in_the_detail(
    superuser: Caller, org: UUID
) -> None:
    said = {
        "first_name": "Ünal",
        "last_name": "O'Hara",
        "birth_date": "1987-03-23",
        "expiration_date": "2999-12-31",
    }
    shown = made(superuser, **said, phone_number="+39 (06) 1234-567")
    answer = superuser.get(f"{USERS}{shown['id']}/")

    assert answer.status_code == 200
    detail = answer.get_json()
    assert detail.items() >= said.items()
    assert detail["phone_number"] == "+39061234567"
    assert detail["bio"] == detail["notes"] == ""
    assert detail["last_login"] is None
    assert detail["date_joined"].endswith("Z")
    assert detail["user_permissions"] == []
    assert "password" not in detail


def test_a_form_is_taken_as_well(superuser: Caller, org: UUID) -> None:
    sent = NEW | {
        "is_staff": "true",
        "groups": "1",
        "organization_users": f'{{"organization": "{org}"}}',
    }
    answer = superuser.post(USERS, data=sent)

    assert answer.status_code == 201
    shown = answer.get_json()
    assert shown["groups"] == [1]
    assert shown["is_staff"]
    assert shown["organization_users"][0]["is_admin"] is False


def test_of_a_list_of_memberships_the_first_counts(
    superuser: Caller, org: UUID, other: UUID
) -> None:
    memberships = [{"organization": str(org)}, {"organization": str(other)}]
    shown = made(superuser, organization_users=memberships)

    assert [each["organization"] for each in shown["organization_users"]] == [str(org)]


REQUIRED = ["This field is required."]
NO_MEMBERSHIP = {"organization": REQUIRED}


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"username": ""}, {"username"}),
        ({"username": "a b"}, {"username"}),
        ({"username": "x" * 151}, {"username"}),
        ({"email": ""}, {"email"}),
        ({"email": "nobody"}, {"email"}),
        ({"email": "nobody@nowhere"}, {"email"}),
        ({"email": None}, {"email"}),
        ({"password": "  "}, {"password"}),
        ({"password": None, "username": None}, {"password", "username"}),
        ({"first_name": "x" * 151}, {"first_name"}),
        ({"phone_number": "12345"}, {"phone_number"}),
        ({"birth_date": "yesterday"}, {"birth_date"}),
        ({"expiration_date": "2001-01-01"}, {"expiration_date"}),
        ({"is_active": "perhaps"}, {"is_active"}),
        ({"groups": [99]}, {"groups"}),
        ({"groups": [10**30]}, {"groups"}),
        ({"groups": ["one"]}, {"groups"}),
        ({"groups": {"id": 1}}, {"groups"}),
        ({"groups": None}, {"groups"}),
        ({"organization_users": None}, {"organization_users"}),
        ({"organization_users": "x"}, {"organization_users"}),
        ({"organization_users": {"organization": "x"}}, {"organization_users"}),
        (
            {"organization_users": {"organization": str(examples.NOBODY)}},
            {"organization_users"},
        ),
    ],
)
def test_every_wrong_field_is_named_and_nobody_is_made(
    superuser: Caller, flashlog: Flashlog, sent: dict[str, Any], wrong: set[str]
) -> None:
    end, kept = flashlog.log.end(), kept_in_vault(flashlog)
    answer = superuser.post(USERS, json=NEW | sent)

    assert answer.status_code == 400
    assert set(answer.get_json()) == wrong
    assert (flashlog.log.end(), kept_in_vault(flashlog)) == (end, kept)


def test_an_empty_body_needs_name_mail_and_password(superuser: Caller) -> None:
    answer = superuser.post(USERS, json={})

    assert answer.status_code == 400
    assert answer.get_json() == {
        "username": REQUIRED,
        "email": REQUIRED,
        "password": REQUIRED,
    }


@pytest.mark.parametrize("sent", [[], {}, [{}], {"is_admin": True}])
def test_a_membership_needs_an_organization(superuser: Caller, sent: Any) -> None:
    answer = superuser.post(USERS, json=NEW | {"organization_users": sent})

    assert answer.status_code == 400
    assert answer.get_json() == {"organization_users": NO_MEMBERSHIP}


def test_group_errors_say_what_was_wrong(superuser: Caller) -> None:
    unknown = superuser.post(USERS, json=NEW | {"groups": [99]}).get_json()
    text = superuser.post(USERS, json=NEW | {"groups": ["x"]}).get_json()

    assert unknown["groups"][0].startswith("Invalid pk")
    assert text["groups"][0].startswith("Incorrect type.")


def test_names_mails_and_phones_are_given_once(superuser: Caller) -> None:
    made(superuser, phone_number="+39061234567")
    sent = {
        "username": "U2",
        "email": "U2@Example.org",
        "phone_number": "+39 061234567",
    }
    answer = superuser.post(USERS, json=NEW | sent)

    assert answer.status_code == 400
    assert set(answer.get_json()) == {"username", "email", "phone_number"}


def test_of_two_who_take_a_name_at_once_one_gets_it(
    flashlog: Flashlog, people: People
) -> None:
    """Each through an application of its own, as two processes would."""
    user_id = people.user(is_superuser=True)
    together = Barrier(4)
    before = kept_in_vault(flashlog)

    def take(number: int) -> int:
        caller = People(flashlog, create_app(flashlog).test_client()).caller(user_id)
        together.wait(60)
        mail = f"{number}@example.org"
        return caller.post(USERS, json=NEW | {"email": mail}).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(take, range(4)))

    assert answers == [201, 400, 400, 400]
    # The caller's token, and of the one who was made: the person and the password.
    assert kept_in_vault(flashlog) == before + 3
    assert flashlog.views.rows("SELECT count(*) AS n FROM account")[0]["n"] == 2


# --- who sees whom -------------------------------------------------------------------


def test_superusers_see_all_newest_first(superuser: Caller, people: People) -> None:
    first, second = people.user(), people.user()

    assert ids(superuser) == [str(second), str(first), str(superuser.user_id)]


def test_managers_see_the_users_of_their_organizations_without_superusers(
    people: People, superuser: Caller, org: UUID, other: UUID
) -> None:
    administrator = people.administrator(org)
    member, foreign, nobodys = people.user(org), people.user(other), people.user()
    of_both = people.user(other, org)
    chief = people.user(org, is_superuser=True)

    assert ids(administrator) == [
        str(of_both),
        str(member),
        str(administrator.user_id),
    ]
    for unseen in (foreign, nobodys, chief, superuser.user_id):
        for method in ("GET", "PUT", "PATCH", "DELETE"):
            answer = administrator(method, f"{USERS}{unseen}/", json={})
            assert answer.status_code == 404
        answer = administrator.put(f"{USERS}{unseen}/password/", json={})
        assert answer.status_code == 404


def test_nothing_of_a_foreign_organization_is_shown(
    people: People, org: UUID, other: UUID
) -> None:
    administrator = people.administrator(org)
    of_both = people.user(other, org)
    results = administrator.get(USERS).get_json()["results"]
    detail = administrator.get(f"{USERS}{of_both}/").get_json()

    own = [{"organization": str(org), "is_admin": False}]
    assert results[0]["organization_users"] == detail["organization_users"] == own
    assert "is_superuser" not in {*results[0], *detail}
    assert "user_permissions" not in detail


def test_whoever_manages_no_active_organization_sees_nobody(
    people: People, superuser: Caller, org: UUID
) -> None:
    administrator = people.administrator(org)
    assert len(ids(administrator)) == 1
    path = f"/api/v1/users/organization/{org}/"
    assert superuser.patch(path, json={"is_active": False}).status_code == 200

    assert ids(administrator) == []


def test_a_page_knows_its_neighbours(superuser: Caller, people: People) -> None:
    for _ in range(3):
        people.user()
    page = superuser.get(USERS, query_string={"page_size": 2}).get_json()

    assert page["count"] == 4
    assert len(page["results"]) == 2
    assert "page=2" in page["next"]
    assert page["previous"] is None
    assert superuser.get(f"{USERS}?page=9").status_code == 404


# --- what managers may say -----------------------------------------------------------


def test_managers_make_users_of_their_organizations_only(
    people: People, org: UUID, other: UUID
) -> None:
    administrator = people.administrator(org)
    own = {"organization_users": {"organization": str(org), "is_admin": True}}
    shown = made(administrator, is_superuser=True, groups=[1, 2], **own)
    foreign = {"organization_users": {"organization": str(other)}}
    answer = administrator.post(USERS, json=NEW | {"username": "u3"} | foreign)

    assert "is_superuser" not in shown
    detail = people.superuser().get(f"{USERS}{shown['id']}/").get_json()
    assert detail["is_superuser"] is False
    assert answer.status_code == 400
    (text,) = answer.get_json()["organization_users"]["organization"]
    assert text.startswith("Invalid pk")


def test_nobody_gives_away_more_than_they_have(people: People, org: UUID) -> None:
    superuser, administrator = people.superuser(), people.administrator(org)
    sent = {"name": "founders", "permissions": [49]}
    group = superuser.post("/api/v1/users/group/", json=sent).get_json()["id"]
    user_id = people.user(org)

    for method, path, body in (
        ("POST", USERS, NEW | {"groups": [group]}),
        ("PATCH", f"{USERS}{user_id}/", {"groups": [1, group]}),
    ):
        answer = administrator(method, path, json=body)
        assert answer.status_code == 400
        assert set(answer.get_json()) == {"groups"}
    # What somebody has already may stay.
    superuser.patch(f"{USERS}{administrator.user_id}/", json={"groups": [2, group]})
    own = f"{USERS}{administrator.user_id}/"
    assert administrator.patch(own, json={"groups": [2, group]}).status_code == 200


def test_managers_cannot_change_memberships_permissions_or_superusers(
    people: People, org: UUID
) -> None:
    user_id = people.user(org)
    sent = {
        "organization_users": {"organization": str(org), "is_admin": True},
        "user_permissions": [1],
        "is_superuser": True,
        "bio": "said",
    }
    answer = people.administrator(org).patch(f"{USERS}{user_id}/", json=sent)

    assert answer.status_code == 200
    detail = people.superuser().get(f"{USERS}{user_id}/").get_json()
    assert detail["bio"] == "said"
    assert detail["user_permissions"] == []
    assert not detail["is_superuser"]
    assert not detail["organization_users"][0]["is_admin"]


def test_who_is_in_a_foreign_organization_too_is_changed_by_superusers_only(
    people: People, org: UUID, other: UUID
) -> None:
    """With another password for them the other organization would stand open."""
    administrator = people.administrator(org)
    of_both = people.user(other, org)
    stronger = people.user(org, permissions=("add_organization",))
    password = {
        "current_password": None,
        "new_password": "mine now",
        "confirm_password": "mine now",
    }
    for user_id in (of_both, stronger):
        path = f"{USERS}{user_id}/"
        assert administrator.get(path).status_code == 200
        for answer in (
            administrator.patch(path, json={"is_active": False}),
            administrator.put(path, json={"username": "x"}),
            administrator.delete(path),
            administrator.put(f"{path}password/", json=password),
        ):
            assert answer.status_code == 403
            assert "detail" in answer.get_json()
        assert people.superuser().patch(path, json={"bio": "x"}).status_code == 200


# --- changing ------------------------------------------------------------------------


def test_a_patch_changes_what_it_names(superuser: Caller) -> None:
    path = f"{USERS}{made(superuser, first_name='Ada')['id']}/"
    answer = superuser.patch(
        path,
        json={
            "username": "ada",
            "bio": "counts",
            "url": "https://example.org/ada",
            "company": "Engines",
            "location": "London",
            "notes": "first",
            "groups": [2, 1],
            "user_permissions": [3, "1: category | Can add category"],
            "password": "ignored",
        },
    )

    assert answer.status_code == 200
    detail = answer.get_json()
    assert detail["username"] == "ada"
    assert detail["first_name"] == "Ada"
    assert detail["groups"] == [1, 2]
    assert detail["user_permissions"] == [1, 3]
    assert detail == superuser.get(path).get_json()
    assert superuser.patch(path, json={"groups": []}).get_json()["groups"] == []


def test_a_put_needs_the_name_and_keeps_what_it_does_not_name(
    superuser: Caller,
) -> None:
    path = f"{USERS}{made(superuser, first_name='Ada', is_staff=True)['id']}/"

    assert superuser.put(path, json={}).get_json() == {"username": REQUIRED}
    answer = superuser.put(path, json={"username": "ada", "email": ""})
    assert answer.status_code == 200
    assert answer.get_json()["first_name"] == "Ada"
    assert answer.get_json()["is_staff"]
    assert answer.get_json()["email"] == ""


@pytest.mark.parametrize(
    "sent",
    [
        {"username": "taken"},
        {"email": "taken@example.org"},
        {"email": "x@"},
        {"url": "no address"},
        {"company": "x" * 31},
        {"location": "x" * 257},
        {"user_permissions": [999]},
        {"user_permissions": ["none"]},
        {"groups": [999]},
        {"expiration_date": "2001-01-01"},
    ],
)
def test_what_is_wrong_changes_nothing(
    superuser: Caller, flashlog: Flashlog, sent: dict[str, Any]
) -> None:
    made(superuser, username="taken", email="taken@example.org")
    path = f"{USERS}{made(superuser)['id']}/"
    before, kept = superuser.get(path).get_json(), kept_in_vault(flashlog)
    answer = superuser.patch(path, json={"bio": "new"} | sent)

    assert answer.status_code == 400
    assert set(answer.get_json()) == set(sent)
    assert superuser.get(path).get_json() == before
    assert kept_in_vault(flashlog) == kept


def test_a_name_that_was_given_up_is_free_again(superuser: Caller) -> None:
    path = f"{USERS}{made(superuser)['id']}/"
    assert superuser.patch(path, json={"username": "new"}).status_code == 200

    answer = superuser.post(USERS, json=NEW)
    assert set(answer.get_json()) == {"email"}
    assert superuser.patch(path, json={"email": "new@example.org"}).status_code == 200
    assert superuser.post(USERS, json=NEW).status_code == 201


def test_who_is_not_active_is_nobody_at_once(
    superuser: Caller, people: People, anybody: Caller
) -> None:
    user = people.superuser()
    path = f"{USERS}{user.user_id}/"
    name = superuser.get(path).get_json()["username"]
    log_in = {"username": name, "password": "tester"}
    assert user.get(USERS).status_code == 200
    assert anybody.post(TOKEN, json=log_in).status_code == 200

    assert superuser.patch(path, json={"is_active": False}).status_code == 200
    assert user.get(USERS).status_code == 401
    refusal = anybody.post(TOKEN, json=log_in)
    assert refusal.status_code == 400
    assert set(refusal.get_json()) == {"non_field_errors"}

    assert superuser.patch(path, json={"is_active": True}).status_code == 200
    assert user.get(USERS).status_code == 200


# --- memberships ---------------------------------------------------------------------


def toggled(caller: Caller, user_id: UUID, org: UUID, **sent: Any) -> Any:
    body = {"organization_users": [{"organization": str(org)} | sent]}
    return caller.patch(f"{USERS}{user_id}/", json=body)


def test_a_membership_is_added_changed_and_removed_by_saying_it_again(
    superuser: Caller, people: People, org: UUID
) -> None:
    people.administrator(org)
    user_id = people.user()
    steps = [
        toggled(superuser, user_id, org, is_admin=False),
        toggled(superuser, user_id, org, is_admin=True),
        toggled(superuser, user_id, org, is_admin=True),
    ]

    assert [each.status_code for each in steps] == [200, 200, 200]
    assert [
        [each["is_admin"] for each in step.get_json()["organization_users"]]
        for step in steps
    ] == [[False], [True], []]


@pytest.mark.parametrize("is_admin", [False, True])
def test_the_owner_is_neither_demoted_nor_removed(
    superuser: Caller, people: People, org: UUID, *, is_admin: bool
) -> None:
    owner = people.administrator(org)
    people.administrator(org)
    answer = toggled(superuser, UUID(str(owner.user_id)), org, is_admin=is_admin)

    assert answer.status_code == 400
    assert set(answer.get_json()) == {"organization_users"}
    assert owner.get("/api/v1/users/organization/").get_json()["count"] == 1


@pytest.mark.parametrize("sent", [[], {}, {"organization": None}])
def test_a_patch_without_an_organization_changes_no_membership(
    superuser: Caller, people: People, org: UUID, sent: Any
) -> None:
    user_id = people.user(org)
    answer = superuser.patch(f"{USERS}{user_id}/", json={"organization_users": sent})

    assert answer.status_code == 200
    assert len(answer.get_json()["organization_users"]) == 1


def test_a_new_manager_may_ask_at_once(
    superuser: Caller, people: People, org: UUID
) -> None:
    user = people.member()
    path = "/api/v1/firmware-upgrader/upgrade-operation/"
    assert user.get(path).status_code == 403
    toggled(superuser, UUID(str(user.user_id)), org, is_admin=True)
    assert user.get(path).status_code == 200
    superuser.patch(f"{USERS}{user.user_id}/", json={"groups": []})
    assert user.get(path).status_code == 403


# --- erasing -------------------------------------------------------------------------


def test_of_an_erased_user_nothing_stays(
    superuser: Caller, people: People, flashlog: Flashlog, org: UUID
) -> None:
    before = kept_in_vault(flashlog)
    user = people.administrator(org)
    path = f"{USERS}{user.user_id}/"
    assert kept_in_vault(flashlog) == before + 3

    assert superuser.delete(path).status_code == 204
    assert superuser.get(path).status_code == 404
    assert superuser.delete(path).status_code == 404
    assert user.get(USERS).status_code == 401
    assert kept_in_vault(flashlog) == before
    assert not flashlog.views.rows("SELECT * FROM membership")
    detail = superuser.get(f"/api/v1/users/organization/{org}/").get_json()
    assert detail["owner"] is None


def test_managers_erase_users_of_their_own(people: People, org: UUID) -> None:
    user_id = people.user(org)

    assert people.administrator(org).delete(f"{USERS}{user_id}/").status_code == 204


def test_no_word_of_a_person_is_in_log_or_read_models(
    superuser: Caller, flashlog: Flashlog
) -> None:
    words = {
        "username": "maria-unique",
        "email": "maria@unique.example",
        "first_name": "Firstname",
        "last_name": "Lastname",
        "phone_number": "+39061234567",
        "birth_date": "1987-03-23",
    }
    later = {
        "bio": "Biography",
        "url": "https://unique.example/url",
        "company": "Companyname",
        "location": "Townname",
        "notes": "Notesofmine",
    }
    path = f"{USERS}{made(superuser, **words)['id']}/"
    assert superuser.patch(path, json=later).status_code == 200

    for name, content in contents(flashlog.settings).items():
        for word in (*words.values(), *later.values()):
            assert word.encode() not in content, (name, word)


def test_what_was_said_before_a_change_is_not_kept(
    superuser: Caller, flashlog: Flashlog
) -> None:
    path = f"{USERS}{made(superuser)['id']}/"
    kept = kept_in_vault(flashlog)
    for number in range(3):
        assert superuser.patch(path, json={"bio": str(number)}).status_code == 200

    assert kept_in_vault(flashlog) == kept
