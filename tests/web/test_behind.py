"""While the read models do not keep up, nothing fails and nothing is done by halves."""

from typing import Any

import pytest

from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web.conftest import Caller
from tests.web.controller.conftest import (
    API,
    credential_body,
    device_body,
    group_body,
    location_body,
    made,
)

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


def test_a_user_who_is_not_shown_yet_is_no_failure(
    admin: Caller, behind: pytest.MonkeyPatch
) -> None:
    body = {"username": "maria", "email": "m@example.org", "password": "open sesame"}
    assert admin.post("/api/v1/users/user/", json=body).status_code == 404
    behind.undo()
    assert admin.post("/api/v1/users/user/", json=body).status_code == 400
