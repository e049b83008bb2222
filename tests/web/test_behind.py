"""While the read models do not keep up, nothing fails and nothing is done by halves."""

import re
from typing import Any
from uuid import UUID

import pytest

from application.commands.deletion import delete_build
from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.console.pages import Browser
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.controller.conftest import (
    API,
    credential_body,
    device_body,
    group_body,
    location_body,
    made,
)
from tests.web.people import People
from web import sessions
from web.api import authentication
from web.api.firmware_upgrader import builds

OWN = DEFAULT_ORGANIZATION_ID


@pytest.fixture
def behind(flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setattr(flashlog, "show", lambda _: False)
    return monkeypatch


def test_a_device_is_not_registered_before_it_is_known_what_it_gets(
    admin: Caller, behind: pytest.MonkeyPatch
) -> None:
    body = device_body(OWN)
    answer = admin.post(f"{API}/device/", json=body)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    assert "nothing was written" in answer.get_json()["detail"]
    behind.undo()
    assert admin.post(f"{API}/device/", json=body).status_code == 201


@pytest.mark.parametrize(
    ("where", "body"),
    [
        ("/group/", group_body(OWN)),
        ("/location/", location_body(OWN)),
        ("/credential/", credential_body(OWN)),
    ],
)
def test_what_devices_may_be_coming_to_is_not_deleted(
    admin: Caller,
    flashlog: Flashlog,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    body: dict[str, Any],
) -> None:
    url = f"{API}{where}{made(admin, where, body)['id']}/"
    with monkeypatch.context() as behind:
        behind.setattr(flashlog, "show", lambda _: False)
        assert admin.delete(url).status_code == 503
    assert admin.get(url).status_code == 200
    assert admin.delete(url).status_code == 204


USER = {"username": "maria", "email": "m@example.org", "password": "open sesame"}


@pytest.mark.parametrize(
    ("url", "body"),
    [
        (f"{API}/group/", group_body(OWN)),
        (f"{API}/location/", location_body(OWN)),
        (f"{API}/credential/", credential_body(OWN)),
        ("/api/v1/firmware-upgrader/category/", {"name": "WiFi"}),
        ("/api/v1/users/user/", USER),
        ("/api/v1/users/organization/", {"name": "own", "slug": "own"}),
    ],
)
def test_what_was_made_is_told_though_it_is_not_shown_yet(
    admin: Caller,
    flashlog: Flashlog,
    behind: pytest.MonkeyPatch,
    url: str,
    body: dict[str, Any],
) -> None:
    answer = admin.post(url, json=body)
    assert answer.status_code == 503
    told = answer.get_json()["detail"]
    assert "was recorded" in told
    assert "Retry-After" not in answer.headers
    behind.undo()
    flashlog.show(flashlog.log.end())
    (made_id,) = re.findall("[0-9a-f-]{36}", told)
    assert admin.get(f"{url}{made_id}/").status_code == 200


def test_a_build_that_is_not_shown_yet_or_no_more_is_told(
    admin: Caller, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    category_id = examples.category(flashlog)
    url = "/api/v1/firmware-upgrader/build/"
    with monkeypatch.context() as behind:
        behind.setattr(flashlog, "show", lambda _: False)
        body = {"category": str(category_id), "version": "1.0"}
        assert admin.post(url, json=body).status_code == 503
    flashlog.show(flashlog.log.end())
    (build,) = admin.get(url).get_json()["results"]
    with monkeypatch.context() as deleted:
        # Somebody deletes it between the look whether it may be seen and the answer.
        deleted.setattr(builds, "visible", lambda *_, **__: {})
        delete_build(flashlog, UUID(build["id"]))
        assert admin.get(f"{url}{build['id']}/").status_code == 404


def test_a_connection_that_is_not_shown_yet_is_told(
    admin: Caller, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = made(admin, "/device/", device_body(OWN))
    credential = made(admin, "/credential/", credential_body(OWN))
    url = f"{API}/device/{device['id']}/connection/"
    with monkeypatch.context() as behind:
        behind.setattr(flashlog, "show", lambda _: False)
        answer = admin.post(url, json={"credentials": credential["id"]})
    assert answer.status_code == 503
    assert "was recorded" in answer.get_json()["detail"]
    flashlog.show(flashlog.log.end())
    assert admin.get(url).get_json()["count"] == 1


def test_nobody_is_sent_away_while_the_read_models_are_made_anew(
    admin: Caller, flashlog: Flashlog, behind: pytest.MonkeyPatch
) -> None:
    behind.setattr(authentication, "account_of_token", lambda *_: None)
    answer = admin.get(f"{API}/device/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "1"
    behind.undo()
    assert admin.get(f"{API}/device/").status_code == 200


def test_a_session_does_not_end_while_the_read_models_are_made_anew(
    flashlog: Flashlog, behind: pytest.MonkeyPatch, people: People
) -> None:
    browser = Browser(flashlog, people.user(is_superuser=True))
    behind.setattr(sessions, "account_of_log_in", lambda *_, **__: None)
    assert browser.get("/").status_code == 503
    behind.undo()
    assert browser.get("/").status_code == 200
