"""Who may ask, and how often."""

import msgspec
import pytest
from flask.testing import FlaskClient

from application.commands.users import add_user
from application.flashlog import Flashlog
from application.settings import SettingsError
from domain.user import User
from tests.web import examples
from tests.web.conftest import API, Caller, id_of, token_for
from web.app import create_app
from web.throttling import Throttle

LIST = f"{API}/upgrade-operation/"
TOKEN = "/api/v1/users/token/"
RESOURCES = [
    LIST,
    f"{LIST}{examples.NOBODY}/",
    f"{LIST}{examples.NOBODY}/cancel/",
    f"{LIST}{examples.NOBODY}/retry/",
    f"{API}/device/{examples.NOBODY}/upgrade-operation/",
    f"{API}/device/{examples.NOBODY}/firmware/",
]


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nobody_learns_anything_without_a_token(
    anybody: Caller, method: str, path: str
) -> None:
    answer = anybody(method, path)
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.get_json() == {
        "detail": "Authentication credentials were not provided."
    }


@pytest.mark.parametrize("path", RESOURCES)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_a_user_without_rights_is_refused_before_anything_is_looked_up(
    client: FlaskClient, flashlog: Flashlog, method: str, path: str
) -> None:
    user = Caller(client, token_for(flashlog, "plain", is_superuser=False))
    assert user(method, path).status_code == 403


@pytest.mark.parametrize(
    ("header", "detail"),
    [
        ("Token x", "Authentication credentials were not provided."),
        ("Basic eDp4", "Authentication credentials were not provided."),
        ("Bearer", "Invalid token header. "),
        ("Bearer a b", "Invalid token header. "),
        ("Bearer \xe9", "Invalid token header. "),
        ("Bearer unknown", "Invalid token."),
    ],
)
def test_a_header_that_does_not_help_is_401(
    anybody: Caller, header: str, detail: str
) -> None:
    answer = anybody.get(LIST, headers={"Authorization": header})
    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert answer.get_json()["detail"].startswith(detail)


def test_the_keyword_may_be_written_in_any_case(anybody: Caller, token: str) -> None:
    header = {"Authorization": f"bEARER {token}"}
    assert anybody.get(LIST, headers=header).status_code == 200


def test_the_token_is_the_same_each_time(
    anybody: Caller, flashlog: Flashlog, token: str
) -> None:
    sent = {"username": "admin", "password": "tester"}
    answers = [
        anybody.post(TOKEN, json=sent),
        anybody.post(TOKEN, data=sent),
        anybody.post(TOKEN, json=sent, headers={"Authorization": "Bearer nonsense"}),
    ]
    assert [each.status_code for each in answers] == [200, 200, 200]
    assert [each.get_json() for each in answers] == [{"token": token}] * 3
    assert len(token) == 40


def test_a_token_can_be_used_as_soon_as_it_is_shown(
    anybody: Caller, flashlog: Flashlog
) -> None:
    add_user(flashlog, username="new", password="tester", is_superuser=True)
    shown = anybody.post(TOKEN, json={"username": "new", "password": "tester"})
    header = {"Authorization": f"Bearer {shown.get_json()['token']}"}
    assert anybody.get(LIST, headers=header).status_code == 200


def test_wrong_password_unknown_and_inactive_users_look_alike(
    anybody: Caller, flashlog: Flashlog, token: str
) -> None:
    _deactivate(flashlog, "admin")
    answers = [
        anybody.post(TOKEN, json={"username": name, "password": password})
        for name, password in (
            ("admin", "wrong"),
            ("admin", "tester"),
            ("nobody", "tester"),
        )
    ]
    assert {each.status_code for each in answers} == {400}
    assert len({each.data for each in answers}) == 1
    assert "non_field_errors" in answers[0].get_json()


def test_the_token_of_an_inactive_user_no_longer_opens_anything(
    admin: Caller, flashlog: Flashlog
) -> None:
    assert admin.get(LIST).status_code == 200
    _deactivate(flashlog, "admin")
    assert admin.get(LIST).status_code == 401


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({}, {"username", "password"}),
        ({"username": "", "password": " "}, {"username", "password"}),
        ({"username": "admin", "password": None}, {"password"}),
        ({"username": ["admin"], "password": "x"}, {"username"}),
    ],
)
def test_every_wrong_field_is_named(
    anybody: Caller, sent: dict[str, object], wrong: set[str]
) -> None:
    answer = anybody.post(TOKEN, json=sent)
    assert answer.status_code == 400
    assert set(answer.get_json()) == wrong


def test_a_token_is_posted_for_not_got(anybody: Caller) -> None:
    assert anybody.get(TOKEN).status_code == 405


def test_token_requests_are_limited_by_address(flashlog: Flashlog) -> None:
    limited = _limited(flashlog, token_rate_limit="2/day")
    for _ in range(2):
        assert limited.post(TOKEN, json={}).status_code == 400
    answer = limited.post(TOKEN, json={})
    assert answer.status_code == 429
    assert 86_000 < int(answer.headers["Retry-After"]) <= 86_400
    seconds = answer.headers["Retry-After"]
    assert answer.get_json() == {
        "detail": f"Request was throttled. Expected available in {seconds} seconds."
    }


def test_requests_are_limited_by_user(flashlog: Flashlog, token: str) -> None:
    app = create_app(_with(flashlog, request_rate_limit="1/minute"))
    first = Caller(app.test_client(), token)
    second = Caller(app.test_client(), token_for(flashlog, "second", is_superuser=True))
    assert [first.get(LIST).status_code for _ in range(2)] == [200, 429]
    assert second.get(LIST).status_code == 200


@pytest.mark.parametrize("rate", ["", "ten/minute", "5/fortnight", "0/day", "5"])
def test_a_rate_that_is_none_is_refused_at_the_start(rate: str) -> None:
    with pytest.raises(SettingsError, match="is not a rate"):
        Throttle(rate)


def test_the_window_of_a_throttle_slides() -> None:
    throttle = Throttle("2/second")
    assert [throttle.seconds_to_wait("a") for _ in range(3)] == [0, 0, 1]
    assert throttle.seconds_to_wait("b") == 0


def test_an_operation_remembers_who_cancelled_it(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    assert admin.post(f"{LIST}{operation_id}/cancel/").status_code == 200
    assert flashlog.log.story(operation_id)[-1].event.by == id_of(flashlog, "admin")  # type: ignore[attr-defined]


def _deactivate(flashlog: Flashlog, name: str) -> None:
    user = flashlog.log.get(User, id_of(flashlog, name))
    user.deactivate()
    flashlog.show(flashlog.log.append(user))


def _limited(flashlog: Flashlog, **changes: str) -> Caller:
    return Caller(create_app(_with(flashlog, **changes)).test_client())


def _with(flashlog: Flashlog, **changes: str) -> Flashlog:
    flashlog.settings = msgspec.structs.replace(flashlog.settings, **changes)
    return flashlog
