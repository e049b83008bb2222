"""The front door behind a proxy and without one: hosts, headers, cookies, origins."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flask import Flask

from application.flashlog import Flashlog
from application.settings import Settings
from web.app import create_app

PATHS = ("/admin/login/", "/api/v1/users/token/", "/nothing/", "/devices/", "/metrics")
FORWARDED = {
    "X-Forwarded-For": "203.0.113.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "flashlog.example.org",
}


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path, allowed_hosts="flashlog.example.org"))
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture
def app(flashlog: Flashlog) -> Flask:
    return create_app(flashlog)


@pytest.fixture
def behind(flashlog: Flashlog) -> Flask:
    flashlog.settings = msgspec.structs.replace(flashlog.settings, behind_proxy=True)
    return create_app(flashlog)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", "[::2]", ""]
)
def test_a_foreign_host_is_refused_and_never_named_in_an_answer(
    app: Flask, path: str, host: str
) -> None:
    answer = app.test_client().get(path, headers={"Host": host})
    if host:
        assert answer.status_code == 400
        assert host.encode() not in answer.data
    assert "evil" not in str(answer.headers)


def test_a_host_that_a_proxy_forwards_is_judged_too(behind: Flask) -> None:
    client = behind.test_client()
    said = FORWARDED | {"X-Forwarded-Host": "evil.example"}
    assert client.get("/admin/login/", headers=said).status_code == 400
    assert client.get("/admin/login/", headers=FORWARDED).status_code == 200


def test_without_a_proxy_nobody_says_by_a_header_who_they_are(app: Flask) -> None:
    client = app.test_client()
    answer = client.get("/admin/login/", headers=FORWARDED)
    assert "Strict-Transport-Security" not in answer.headers
    spoofed = {"X-Forwarded-For": "127.0.0.1", "X-Real-IP": "127.0.0.1"}
    outside = {"REMOTE_ADDR": "203.0.113.9"}
    refused = client.get("/metrics", headers=spoofed, environ_base=outside)
    assert refused.status_code == 403


def test_of_several_proxies_only_the_last_is_believed(flashlog: Flashlog) -> None:
    flashlog.settings = msgspec.structs.replace(
        flashlog.settings, behind_proxy=True, token_rate_limit="2/day"
    )
    client = create_app(flashlog).test_client()

    def status(claimed: str) -> int:
        said = FORWARDED | {"X-Forwarded-For": f"{claimed}, 203.0.113.9"}
        return client.post("/api/v1/users/token/", json={}, headers=said).status_code

    assert [status(f"10.0.0.{number}") for number in range(3)] == [400, 400, 429]


def test_an_address_of_version_6_counts_with_its_network(flashlog: Flashlog) -> None:
    flashlog.settings = msgspec.structs.replace(
        flashlog.settings, token_rate_limit="2/day"
    )
    client = create_app(flashlog).test_client()

    def status(remote: str) -> int:
        environ: dict[str, Any] = {"REMOTE_ADDR": remote}
        answer = client.post("/api/v1/users/token/", json={}, environ_base=environ)
        return answer.status_code

    same = ["2001:db8::1", "2001:db8::ffff:2", "2001:db8:0:0:1::3"]
    assert [status(each) for each in same] == [400, 400, 429]
    assert status("2001:db8:0:1::1") == 400
    mapped = ["::ffff:192.0.2.1", "192.0.2.1", "::ffff:192.0.2.1"]
    assert [status(each) for each in mapped] == [400, 400, 429]
    assert status("::ffff:192.0.2.2") == 400


@pytest.mark.parametrize("path", PATHS)
def test_no_other_site_is_let_in(app: Flask, path: str) -> None:
    said = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for method in ("GET", "OPTIONS", "POST"):
        headers = app.test_client().open(path, method=method, headers=said).headers
        assert not [each for each in headers if each[0].startswith("Access-Control")]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_cookies_are_out_of_reach_for_scripts_other_sites_and_plain_http(
    behind: Flask,
) -> None:
    answer = behind.test_client().get("/admin/login/", headers=FORWARDED)
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    for cookie in cookies:
        assert "Secure" in cookie
        assert "SameSite=Lax" in cookie or "SameSite=Strict" in cookie
        assert "Domain=" not in cookie
        # Scripts of the interface's clients read this one to send it back.
        assert "HttpOnly" in cookie or cookie.startswith("csrftoken=")
    assert answer.headers["Strict-Transport-Security"].startswith("max-age=")


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "https://evil.example/", "/\\evil.example", "/\t/evil.example"],
)
def test_after_signing_in_nobody_is_sent_elsewhere(
    flashlog: Flashlog, app: Flask, to: str
) -> None:
    from application.commands.users import add_user

    add_user(flashlog, username="ada", password="correct horse", is_superuser=True)
    client = app.test_client()
    client.get("/admin/login/")
    with client.session_transaction() as session:
        token = session["csrf"]
    form = {"username": "ada", "password": "correct horse"}
    answer = client.post(
        "/admin/login/",
        query_string={"next": to},
        data=form | {"csrfmiddlewaretoken": token, "next": to},
    )
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"
