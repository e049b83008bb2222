"""A form whose session has ended, or is another one by now."""

import html
import re
from http import HTTPStatus
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

import web
from application.flashlog import Flashlog
from domain.device.device import Device
from tests.application.stock import Stock
from tests.console.pages import CSRF, Browser, text_of
from web.console import resending

OURS = {"Origin": "http://localhost"}
TYPED = {
    "name": 'a "new" name',
    "mac_address": "02:00:00:00:00:01",
    "addresses": "10.0.0.9",
    "notes": "line one\r\nline two",
}


@pytest.fixture
def device_id(flashlog: Flashlog) -> UUID:
    return Stock(flashlog).device(name="attic")


def _fields(page: TestResponse) -> dict[str, str]:
    """Return what the form of a page would send, as a browser reads it."""
    form = page.get_data(as_text=True).rpartition("<form")[2]
    pairs = re.findall(r'name="([^"]*)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in pairs}


def _post(
    browser: Browser, path: str, form: dict[str, Any], **headers: str
) -> TestResponse:
    return browser.client.post(path, data=form, headers=headers)


def test_what_was_typed_outlives_the_session_and_is_sent_by_the_next(
    flashlog: Flashlog, admin: Browser, device_id: UUID
) -> None:
    path = f"/devices/{device_id}/edit/"
    form = {"csrfmiddlewaretoken": CSRF, "password": "secret", **TYPED}
    with admin.client.session_transaction() as session:
        signed_in = dict(session)
        session.clear()
    page = _post(admin, path, form, **OURS)
    assert page.status_code == HTTPStatus.FORBIDDEN
    assert "You are signed out" in text_of(page)
    assert f'action="{path}"' in page.get_data(as_text=True)
    assert "secret" not in page.get_data(as_text=True)
    assert "Passwords and files are not kept" in text_of(page)
    kept = _fields(page)
    assert TYPED.items() <= kept.items()

    # Whoever has signed in has another token: they are asked once more.
    with admin.client.session_transaction() as session:
        session.clear()
        session.update(signed_in | {"csrf": "of-the-next-session"})
    again = _post(admin, path, kept, **OURS)
    assert "Send it again?" in text_of(again)
    assert flashlog.log.get(Device, device_id).name == "attic"
    done = _post(admin, path, _fields(again), **OURS)
    assert done.status_code == HTTPStatus.SEE_OTHER, text_of(done)
    assert flashlog.log.get(Device, device_id).name == TYPED["name"]


@pytest.mark.parametrize(
    "origin", ["", "http://evil.example", "https://localhost", "null", "http://["]
)
@pytest.mark.parametrize("signed_in", [True, False])
def test_what_others_have_made_up_is_not_kept(
    admin: Browser, device_id: UUID, origin: str, *, signed_in: bool
) -> None:
    if not signed_in:
        admin.client.delete_cookie("sessionid")
    headers = {"Origin": origin} if origin else {}
    page = _post(admin, f"/devices/{device_id}/edit/", TYPED, **headers)
    assert "Send it again" not in text_of(page)
    expected = HTTPStatus.FORBIDDEN if signed_in else HTTPStatus.FOUND
    assert page.status_code == expected


def test_what_a_stranger_sends_does_not_grow_into_a_huge_page(
    admin: Browser, device_id: UUID
) -> None:
    admin.client.delete_cookie("sessionid")
    many = "&".join("a" for _ in range(100_000))
    page = admin.client.post(
        f"/devices/{device_id}/edit/",
        data=many,
        content_type="application/x-www-form-urlencoded",
        headers=OURS,
    )
    assert page.status_code == HTTPStatus.FOUND
    long = _post(admin, f"/devices/{device_id}/edit/", {"a": "x" * (2 << 20)}, **OURS)
    assert long.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_every_password_that_a_page_asks_for_is_left_out() -> None:
    asked = {
        name
        for page in (Path(web.__file__).parent / "templates").rglob("*.html")
        for name in re.findall(
            r'parts\.field\("(\w+)"[^\n]*type="password"', page.read_text()
        )
    }
    assert asked
    assert asked <= resending._SECRET


def test_what_is_kept_is_kept_on_the_page_alone(
    admin: Browser, device_id: UUID
) -> None:
    admin.client.delete_cookie("sessionid")
    page = _post(admin, f"/devices/{device_id}/edit/", TYPED, **OURS)
    assert page.headers["Cache-Control"] == "no-store"
    assert "line one" in page.get_data(as_text=True)
    assert "line one" not in " ".join(page.headers.getlist("Set-Cookie"))
    assert "line one" not in admin.get("/admin/login/").get_data(as_text=True)


def test_a_form_that_is_sent_after_going_back_is_done_once(
    flashlog: Flashlog, admin: Browser, device_id: UUID
) -> None:
    path = f"/devices/{device_id}/deactivate/"
    first = admin.post(path)
    assert first.status_code == HTTPStatus.SEE_OTHER
    end = flashlog.log.end()
    admin.post(path)
    assert flashlog.log.end() == end
    # Whoever goes back is shown how it is, not how it was.
    assert admin.get(path).headers["Cache-Control"] == "no-store"


def test_what_is_sent_to_something_deleted_meanwhile_says_so(admin: Browser) -> None:
    for path in (f"/devices/{uuid4()}/edit/", f"/mass-upgrades/{uuid4()}/hold/"):
        page = admin.post(path, TYPED)
        assert page.status_code == HTTPStatus.NOT_FOUND
        assert "To the overview" in text_of(page)
