"""Sessions of people who log in with a browser."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit
from uuid import uuid4

import msgspec
import pytest
from flask.testing import FlaskClient

from application.errors import StorageError
from application.flashlog import Flashlog
from domain.user import User
from tests.web import examples
from tests.web.conftest import API, id_of, token_for
from web.app import create_app

LOGIN = "/admin/login/"
LIST = f"{API}/upgrade-operation/"


@pytest.fixture
def browser(client: FlaskClient, token: str) -> FlaskClient:
    """Somebody who has an account and has not logged in yet."""
    return client


def log_in(browser: FlaskClient, password: str = "tester", **more: str) -> int:
    browser.get(LOGIN)
    form = {
        "username": "admin",
        "password": password,
        "csrfmiddlewaretoken": csrf(browser),
        **more,
    }
    answer = browser.post(LOGIN, data=form)
    return answer.status_code


def csrf(browser: FlaskClient) -> str:
    cookie = browser.get_cookie("csrftoken")
    assert cookie is not None
    return cookie.value


def test_the_cookie_of_a_log_in_opens_what_a_token_opens(browser: FlaskClient) -> None:
    assert browser.get(LIST).status_code == 401
    assert log_in(browser) == 302
    assert browser.get(LIST).status_code == 200
    cookie = browser.get_cookie("sessionid")
    assert cookie is not None
    assert cookie.http_only
    assert cookie.same_site == "Lax"


def test_a_change_needs_the_token_against_forgery(
    browser: FlaskClient, flashlog: Flashlog
) -> None:
    log_in(browser)
    path = f"{LIST}{examples.operation(flashlog)}/cancel/"
    forged = browser.post(path)
    assert forged.status_code == 403
    assert forged.get_json()["detail"].startswith("CSRF Failed")
    assert browser.post(path, headers={"X-CSRFToken": "guessed"}).status_code == 403
    shown = {"X-CSRFToken": csrf(browser)}
    assert browser.post(path, headers=shown).status_code == 200


def test_a_token_needs_no_other_one_beside_it(
    browser: FlaskClient, flashlog: Flashlog, token: str
) -> None:
    log_in(browser)
    path = f"{LIST}{examples.operation(flashlog)}/cancel/"
    header = {"Authorization": f"Bearer {token}"}
    assert browser.post(path, headers=header).status_code == 200


def test_a_log_in_cannot_be_forged(browser: FlaskClient) -> None:
    form = {"username": "admin", "password": "tester"}
    assert browser.post(LOGIN, data=form).status_code == 403
    browser.get(LOGIN)
    forged = form | {"csrfmiddlewaretoken": "guessed"}
    assert browser.post(LOGIN, data=forged).status_code == 403
    assert browser.get(LIST).status_code == 401


def test_a_wrong_password_shows_the_form_again(browser: FlaskClient) -> None:
    assert log_in(browser, password="wrong") == 200
    assert browser.get(LIST).status_code == 401


def test_the_token_against_forgery_changes_with_the_log_in(
    browser: FlaskClient,
) -> None:
    browser.get(LOGIN)
    before = csrf(browser)
    log_in(browser)
    assert csrf(browser) != before


@pytest.mark.parametrize(
    ("wanted", "goes_to"),
    [
        (f"{LIST}?page=1", f"{LIST}?page=1"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("", "/"),
    ],
)
def test_a_log_in_leads_to_a_page_of_this_site_only(
    browser: FlaskClient, wanted: str, goes_to: str
) -> None:
    browser.get(LOGIN)
    form = {
        "username": "admin",
        "password": "tester",
        "csrfmiddlewaretoken": csrf(browser),
        "next": wanted,
    }
    answer = browser.post(LOGIN, data=form)
    location = urlsplit(answer.headers["Location"])
    assert location.netloc == ""
    assert location.path == urlsplit(goes_to).path


def test_what_is_typed_is_shown_as_text(browser: FlaskClient) -> None:
    page = browser.get(LOGIN, query_string={"next": '/"><script>x</script>'})
    assert b"<script>" not in page.data


def test_a_session_ends_with_the_log_out(browser: FlaskClient) -> None:
    log_in(browser)
    assert browser.post("/admin/logout/").status_code == 403
    shown = {"X-CSRFToken": csrf(browser)}
    assert browser.post("/admin/logout/", headers=shown).status_code == 302
    assert browser.get(LIST).status_code == 401


def test_a_copy_of_the_cookie_ends_with_the_log_out_and_no_other_session(
    browser: FlaskClient, flashlog: Flashlog
) -> None:
    elsewhere = create_app(flashlog).test_client()
    for each in (browser, elsewhere):
        assert log_in(each) == 302
    cookie = browser.get_cookie("sessionid")
    assert cookie is not None
    browser.post("/admin/logout/", headers={"X-CSRFToken": csrf(browser)})
    copied = create_app(flashlog).test_client()
    copied.set_cookie("sessionid", cookie.value)
    assert copied.get(LIST).status_code == 401
    assert elsewhere.get(LIST).status_code == 200


def test_a_log_out_that_cannot_be_noted_is_told(
    browser: FlaskClient, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise StorageError

    log_in(browser)
    monkeypatch.setattr("web.sessions.log_out", full)
    shown = {"X-CSRFToken": csrf(browser)}
    answer = browser.post("/admin/logout/", headers=shown, follow_redirects=True)
    assert "It could not be noted" in answer.text
    assert browser.get(LIST).status_code == 401


def test_log_outs_are_forgotten_when_the_sessions_would_have_ended() -> None:
    user, at = User(uuid4()), datetime.now(UTC)
    first, second = uuid4(), uuid4()
    user.log_out(first, at=at, until=at + timedelta(hours=12))
    user.log_out(second, at=at + timedelta(hours=11), until=at + timedelta(hours=23))
    assert set(user.ended_sessions) == {first, second}
    user.log_out(uuid4(), at=at + timedelta(hours=13), until=at + timedelta(hours=25))
    assert first not in user.ended_sessions
    assert second in user.ended_sessions


def test_a_session_ends_with_the_account(
    browser: FlaskClient, flashlog: Flashlog
) -> None:
    log_in(browser)
    user = flashlog.log.get(User, id_of(flashlog, "admin"))
    user.deactivate()
    flashlog.show(flashlog.log.append(user))
    assert browser.get(LIST).status_code == 401


def test_a_session_ends_with_another_password(
    browser: FlaskClient, flashlog: Flashlog
) -> None:
    log_in(browser)
    user = flashlog.log.get(User, id_of(flashlog, "admin"))
    user.change_password(uuid4())
    flashlog.show(flashlog.log.append(user))
    assert browser.get(LIST).status_code == 401


def test_a_forged_session_is_nobodys(browser: FlaskClient) -> None:
    browser.set_cookie("sessionid", "eyJ1c2VyIjoiYWRtaW4ifQ.x.y")
    assert browser.get(LIST).status_code == 401


def test_log_ins_are_limited_like_requests_for_a_token(flashlog: Flashlog) -> None:
    token_for(flashlog, "admin", is_superuser=True)
    flashlog.settings = msgspec.structs.replace(
        flashlog.settings, token_rate_limit="1/day"
    )
    browser = create_app(flashlog).test_client()
    assert log_in(browser, password="wrong") == 200
    assert log_in(browser) == 429


def test_forged_log_ins_do_not_use_up_those_of_a_person(flashlog: Flashlog) -> None:
    token_for(flashlog, "admin", is_superuser=True)
    flashlog.settings = msgspec.structs.replace(
        flashlog.settings, token_rate_limit="1/day"
    )
    browser = create_app(flashlog).test_client()
    for _ in range(3):
        assert browser.post(LOGIN, data={"username": "x"}).status_code == 403
    assert log_in(browser) == 302


def test_sessions_outlive_a_restart(browser: FlaskClient, flashlog: Flashlog) -> None:
    log_in(browser)
    cookie = browser.get_cookie("sessionid")
    assert cookie is not None
    again = create_app(flashlog).test_client()
    again.set_cookie("sessionid", cookie.value)
    assert again.get(LIST).status_code == 200


@pytest.mark.sqlite("the key of sessions is a file")
def test_the_key_of_sessions_is_for_its_owner_alone(
    flashlog: Flashlog, browser: FlaskClient
) -> None:
    log_in(browser)
    key = flashlog.settings.data_dir / "session.key"
    assert key.stat().st_mode & 0o077 == 0
