"""What holds for every request (conventions of the interface)."""

from typing import NoReturn

import pytest
from flask import Flask
from flask.testing import FlaskClient

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.conftest import API, Caller

LIST = f"{API}/upgrade-operation/"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"])
def test_a_missing_slash_is_added_by_301_for_every_method(
    anybody: Caller, method: str
) -> None:
    answer = anybody(method, f"{API}/upgrade-operation?page=2")
    assert answer.status_code == 301
    assert answer.headers["Location"].endswith("/upgrade-operation/?page=2")


def test_an_id_that_is_no_uuid_is_a_page_not_json(anybody: Caller) -> None:
    answer = anybody.get(f"{API}/upgrade-operation/17/")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_an_unknown_path_is_a_page_not_json(anybody: Caller) -> None:
    answer = anybody.get("/nothing/")
    assert (answer.status_code, answer.mimetype) == (404, "text/html")


@pytest.mark.parametrize(
    ("accept", "query", "status"),
    [
        ("application/json", "", 200),
        ("*/*", "", 200),
        ("application/*;q=0.5", "", 200),
        ("text/html", "", 200),
        ("text/html,*/*", "?format=json", 200),
        ("text/html", "?format=json", 406),
        ("image/png", "", 406),
        ("application/json;q=0", "", 406),
        ("*/*", "?format=yaml", 404),
    ],
)
def test_the_answer_is_json_for_whoever_takes_json_or_html(
    admin: Caller, accept: str, query: str, status: int
) -> None:
    answer = admin.get(LIST + query, headers={"Accept": accept})
    assert answer.status_code == status
    assert answer.mimetype == "application/json"


def test_head_is_get_without_a_body(admin: Caller) -> None:
    answer = admin("HEAD", LIST)
    assert (answer.status_code, answer.data) == (200, b"")


def test_options_describes_a_resource(admin: Caller) -> None:
    answer = admin("OPTIONS", LIST)
    assert answer.status_code == 200
    assert answer.get_json()["parses"][0] == "application/json"
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


def test_an_unknown_method_is_refused_with_those_there_are(admin: Caller) -> None:
    answer = admin.post(LIST)
    assert answer.status_code == 405
    assert answer.get_json() == {"detail": 'Method "POST" not allowed.'}
    assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"image": "\xff"}', "application/json", 400),
        (b"[" * 100_000, "application/json", 400),
        (b"[]", "application/json", 400),
        (b"<a/>", "application/xml", 415),
        (b"", "application/xml", 400),
        (b'"' + b"x" * (1 << 20) + b'"', "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_read_says_so(
    admin: Caller, flashlog: Flashlog, body: bytes, content_type: str, status: int
) -> None:
    path = f"{API}/device/{examples.device(flashlog)}/firmware/"
    answer = admin.put(path, data=body, content_type=content_type)
    assert answer.status_code == status
    assert answer.mimetype == "application/json"


def test_malformed_json_and_a_list_are_told_apart(
    admin: Caller, flashlog: Flashlog
) -> None:
    path = f"{API}/device/{examples.device(flashlog)}/firmware/"
    malformed = admin.put(path, data=b"{", content_type="application/json")
    assert malformed.get_json()["detail"].startswith("JSON parse error - ")
    listed = admin.put(path, json=[])
    assert "non_field_errors" in listed.get_json()


def test_every_answer_carries_the_headers_that_protect(admin: Caller) -> None:
    for path in (LIST, "/nothing/", "/health/live"):
        headers = admin.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in headers["Content-Security-Policy"]


def test_a_request_keeps_the_id_it_came_with(admin: Caller) -> None:
    answer = admin.get(LIST, headers={"X-Request-ID": "abc-1"})
    assert answer.headers["X-Request-ID"] == "abc-1"
    forged = admin.get(LIST, headers={"X-Request-ID": "a b"})
    assert forged.headers["X-Request-ID"] != "a b"


def test_a_foreign_host_name_is_not_served(admin: Caller) -> None:
    assert admin.get(LIST, headers={"Host": "evil.example"}).status_code == 400
    assert admin.get(LIST, headers={"Host": "localhost:9"}).status_code == 200
    probe = admin.get("/health/live", headers={"Host": "10.0.0.9"})
    assert probe.status_code == 200


def test_trouble_of_ours_shows_an_id_and_no_traceback(
    client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    app = client.application
    assert isinstance(app, Flask)
    app.view_functions["health.live"] = _fail
    answer = client.get("/health/live")
    assert answer.status_code == 500
    assert b"secret" not in answer.data
    assert answer.get_json()["request_id"] in caplog.text


def _fail() -> NoReturn:
    msg = "secret"
    raise RuntimeError(msg)
