"""Another password, for oneself and for others."""

from typing import Any
from uuid import UUID

import pytest

from application.flashlog import Flashlog
from tests.application.houses import kept_in_vault
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.people import PASSWORD, People

TOKEN = "/api/v1/users/token/"
USER = "/api/v1/users/user/"


@pytest.fixture
def org(flashlog: Flashlog) -> UUID:
    return examples.organization(flashlog, "own")


def change(
    caller: Caller, user_id: object, new: str = "another", **sent: Any
) -> tuple[int, dict[str, Any]]:
    body = {"current_password": None, "new_password": new, "confirm_password": new}
    answer = caller.put(f"{USER}{user_id}/password/", json=body | sent)
    return answer.status_code, answer.get_json()


def opens(anybody: Caller, name: str, password: str) -> bool:
    sent = {"username": name, "password": password}
    return anybody.post(TOKEN, json=sent).status_code == 200


def test_superusers_and_managers_need_not_know_the_current_one(
    people: People, anybody: Caller, org: UUID
) -> None:
    user_id = people.user(org, name="maria")
    for caller in (people.superuser(), people.administrator(org)):
        new = f"of {caller.user_id}"
        status, said = change(caller, user_id, new, current_password="wrong")
        assert (status, said["status"]) == (200, "Success")
        assert said["message"]
        assert opens(anybody, "maria", new)
        assert not opens(anybody, "maria", PASSWORD)


def test_others_change_their_own_when_they_know_it(
    people: People, anybody: Caller, org: UUID
) -> None:
    user_id = people.user(org, name="maria")
    maria = people.caller(user_id)

    status, said = change(maria, user_id, current_password="wrong")
    assert (status, set(said)) == (400, {"current_password"})
    assert change(maria, user_id)[0] == 400
    assert change(maria, user_id, current_password=PASSWORD)[0] == 200
    assert opens(anybody, "maria", "another")
    assert change(maria, people.user(org))[0] == 403


def test_the_token_survives(people: People, org: UUID) -> None:
    user = people.administrator(org)
    assert change(people.superuser(), user.user_id)[0] == 200

    assert user.get(USER).status_code == 200


def test_the_old_hash_is_not_kept(people: People, flashlog: Flashlog) -> None:
    superuser = people.superuser()
    kept = kept_in_vault(flashlog)
    assert change(superuser, superuser.user_id)[0] == 200

    assert kept_in_vault(flashlog) == kept


def test_outer_blanks_belong_to_a_password(people: People, anybody: Caller) -> None:
    people.user(name="maria")
    assert change(people.superuser(), people.named("maria"), "  x ")[0] == 200

    assert opens(anybody, "maria", "  x ")
    assert not opens(anybody, "maria", "x")


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"confirm_password": "other"}, {"confirm_password"}),
        ({"current_password": "another"}, {"new_password"}),
        ({"current_password": ""}, {"current_password"}),
        (
            {"new_password": "", "confirm_password": ""},
            {"new_password"} | {"confirm_password"},
        ),
        ({"new_password": None}, {"new_password"}),
    ],
)
def test_every_wrong_field_is_named(
    people: People, sent: dict[str, Any], wrong: set[str]
) -> None:
    status, said = change(people.superuser(), people.user(), **sent)

    assert (status, set(said)) == (400, wrong)


def test_all_keys_are_needed(people: People) -> None:
    answer = people.superuser().put(f"{USER}{people.user()}/password/", json={})

    assert answer.status_code == 400
    assert set(answer.get_json()) == {
        "current_password",
        "new_password",
        "confirm_password",
    }


def test_a_password_is_put_not_shown(people: People) -> None:
    path = f"{USER}{people.user()}/password/"
    for method in ("GET", "POST", "PATCH", "DELETE"):
        assert people.superuser()(method, path).status_code == 405


def test_nobody_unknown_has_a_password(people: People) -> None:
    assert change(people.superuser(), examples.NOBODY)[0] == 404
