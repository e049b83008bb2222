"""Who may ask what of users, groups and organizations: each role at each endpoint."""

from collections.abc import Callable
from datetime import date
from uuid import UUID

import pytest

from application.access import Account
from application.flashlog import Flashlog
from application.queries.users import account_of_token, account_of_user
from domain.group import ADMINISTRATOR, OPERATOR
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.people import People

USERS = "/api/v1/users"
ROLES = (
    "superuser",
    "administrator",
    "operator",
    "manager_without_permissions",
    "member",
    "anonymous",
)
# One status for each role, in the order of ROLES. "own" is of the role's own
# organization, "other" of another. A member here has all permissions of administrators
# but manages nothing, so nothing is there for them.
MATRIX = {
    ("GET", "user/"): (200, 200, 403, 403, 200, 401),
    ("POST", "user/"): (400, 400, 403, 403, 400, 401),
    ("OPTIONS", "user/"): (200, 200, 403, 403, 200, 401),
    ("DELETE", "user/"): (405, 405, 403, 403, 405, 401),
    ("GET", "user/{own_user}/"): (200, 200, 403, 403, 404, 401),
    ("HEAD", "user/{own_user}/"): (200, 200, 403, 403, 404, 401),
    ("PUT", "user/{own_user}/"): (400, 400, 403, 403, 404, 401),
    ("PATCH", "user/{own_user}/"): (200, 200, 403, 403, 404, 401),
    ("PUT", "user/{own_user}/password/"): (400, 400, 403, 403, 404, 401),
    ("DELETE", "user/{own_user}/"): (204, 204, 403, 403, 404, 401),
    ("POST", "user/{own_user}/"): (405, 405, 403, 403, 405, 401),
    ("GET", "user/{other_user}/"): (200, 404, 403, 403, 404, 401),
    ("PUT", "user/{other_user}/"): (400, 404, 403, 403, 404, 401),
    ("PATCH", "user/{other_user}/"): (200, 404, 403, 403, 404, 401),
    ("PUT", "user/{other_user}/password/"): (400, 404, 403, 403, 404, 401),
    ("DELETE", "user/{other_user}/"): (204, 404, 403, 403, 404, 401),
    ("GET", "group/"): (200, 200, 403, 403, 200, 401),
    ("POST", "group/"): (400, 403, 403, 403, 403, 401),
    ("GET", "group/1/"): (200, 200, 403, 403, 200, 401),
    ("PUT", "group/1/"): (400, 403, 403, 403, 403, 401),
    ("PATCH", "group/1/"): (409, 403, 403, 403, 403, 401),
    ("DELETE", "group/1/"): (409, 403, 403, 403, 403, 401),
    ("GET", "organization/"): (200, 200, 200, 403, 200, 401),
    ("POST", "organization/"): (400, 403, 403, 403, 403, 401),
    ("GET", "organization/{own}/"): (200, 200, 200, 403, 404, 401),
    ("PUT", "organization/{own}/"): (400, 400, 403, 403, 404, 401),
    ("PATCH", "organization/{own}/"): (200, 200, 403, 403, 404, 401),
    ("GET", "organization/{other}/"): (200, 404, 404, 403, 404, 401),
    ("PUT", "organization/{other}/"): (400, 404, 403, 403, 404, 401),
    ("PATCH", "organization/{other}/"): (200, 404, 403, 403, 404, 401),
    ("GET", "user/" + str(examples.NOBODY) + "/"): (404, 404, 403, 403, 404, 401),
    ("GET", "group/99/"): (404, 404, 403, 403, 404, 401),
    ("DELETE", "organization/{other}/"): (204, 403, 403, 403, 403, 401),
}


@pytest.mark.parametrize("role", ROLES)
def test_each_role_at_each_endpoint(
    people: People, flashlog: Flashlog, role: str
) -> None:
    own, other = (examples.organization(flashlog, slug) for slug in ("own", "other"))
    caller = as_role(people, role, own)
    found = {}
    for method, path in MATRIX:
        # Each on people of its own: some are erased on the way.
        places = {
            "own": own,
            "other": other,
            "own_user": people.user(own),
            "other_user": people.user(other),
        }
        answer = caller(method, f"{USERS}/{path.format(**places)}", json={})
        found[method, path] = answer.status_code
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"] == "Bearer"
        if answer.status_code in {401, 403, 404, 405} and method != "HEAD":
            assert set(answer.get_json()) == {"detail"}

    place = ROLES.index(role)
    assert found == {each: statuses[place] for each, statuses in MATRIX.items()}


def as_role(people: People, role: str, own: UUID) -> Caller:
    if role in {"superuser", "anonymous"}:
        make: Callable[[], Caller] = getattr(people, role)
        return make()
    made: Caller = getattr(people, role)(own)
    return made


def test_options_tell_the_fields_to_who_may_send_them(
    people: People, flashlog: Flashlog
) -> None:
    own = examples.organization(flashlog, "own")
    superuser, administrator = people.superuser(), people.administrator(own)

    for path, may in (("user/", True), ("group/", False), ("organization/", False)):
        told = [
            caller("OPTIONS", f"{USERS}/{path}").get_json()["actions"]
            for caller in (superuser, administrator)
        ]
        assert [bool(each.get("POST")) for each in told] == [True, may]
    fields = superuser("OPTIONS", f"{USERS}/user/").get_json()["actions"]["POST"]
    assert fields["username"]["required"]


@pytest.mark.parametrize(
    ("role", "permissions"),
    [
        ("administrator", ADMINISTRATOR.permissions),
        ("operator", OPERATOR.permissions),
        ("manager_without_permissions", frozenset()),
    ],
)
def test_an_account_knows_its_permissions_and_organizations(
    people: People, flashlog: Flashlog, role: str, permissions: frozenset[str]
) -> None:
    own = examples.organization(flashlog, "own")
    account = of(flashlog, as_role(people, role, own))

    assert account.permissions == permissions
    assert account.manages == {own}
    assert account.is_staff
    assert account.may_change(own)
    assert not account.may_change(None)
    assert not account.may_see(examples.NOBODY)


def test_a_members_account_manages_nothing(people: People, flashlog: Flashlog) -> None:
    own = examples.organization(flashlog, "own")

    assert of(flashlog, people.member(own)).manages == frozenset()


@pytest.mark.parametrize(
    ("last_day", "status"),
    [(date(2001, 1, 1), 400), (date(2999, 1, 1), 200), (None, 200)],
)
def test_an_account_ends_after_its_last_day(
    people: People,
    flashlog: Flashlog,
    anybody: Caller,
    last_day: date | None,
    status: int,
) -> None:
    user_id = people.user(is_superuser=True, name="maria", expires_on=last_day)
    log_in = {"username": "maria", "password": "tester"}
    answer = anybody.post("/api/v1/users/token/", json=log_in)

    account = account_of_user(flashlog.views, user_id)
    assert account
    assert account.is_active is (status == 200)
    assert answer.status_code == status


def test_an_unknown_user_has_no_account(flashlog: Flashlog) -> None:
    assert account_of_user(flashlog.views, examples.NOBODY) is None
    assert account_of_token(flashlog.views, "") is None


def of(flashlog: Flashlog, caller: Caller) -> Account:
    assert caller.user_id
    found = account_of_user(flashlog.views, caller.user_id)
    assert found
    return found
