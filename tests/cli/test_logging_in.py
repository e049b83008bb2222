"""`flashlog login`, `logout`, `whoami`: what is kept, what is refused, what is said."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.answering import (
    Answer,
    Answering,
    Asked,
    answering,
    write_certificate,
)
from tests.cli.conftest import Cli
from web.cli import exits
from web.cli.remote.login import Login, login_file

TOKEN = "0123456789abcdef0123456789abcdef01234567"
NOBODY = Answer(401, {"detail": "Invalid token."})


def service(asked: Asked) -> Answer:
    """Answer as a service does that knows maria and her token."""
    if asked.path == "/api/v1/users/token/":
        if asked.body == {"username": "maria", "password": "secret"}:
            return Answer(200, {"token": TOKEN})
        return Answer(400, {"non_field_errors": ["Unable to log in."]})
    if asked.headers.get("Authorization") != f"Bearer {TOKEN}":
        return NOBODY
    return Answer(200, {"results": [{"slug": "freifunk"}], "next": None})


@pytest.fixture(autouse=True)
def _config_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def served() -> Iterator[Answering]:
    with answering(service) as found:
        yield found


def log_in(cli: Cli, url: str, *options: object, password: str = "secret") -> object:
    words = ("login", url, "--username", "maria", "--password-stdin", *options)
    return cli(*words, stdin=f"{password}\n")


def test_only_the_token_is_kept_and_for_its_owner_alone(
    cli: Cli, served: Answering
) -> None:
    said = cli(
        *("login", f"{served.url}/", "--username", "maria", "--password-stdin"),
        stdin="secret\n",
    )
    assert said.status == exits.DONE, said.err
    assert said.out == f"logged in at {served.url} as maria\n"
    assert TOKEN not in said.out + said.err
    assert login_file().stat().st_mode & 0o777 == 0o600
    assert login_file().parent.stat().st_mode & 0o777 == 0o700
    kept = json.loads(login_file().read_text())
    assert kept == {"url": served.url, "token": TOKEN, "username": "maria"}
    assert list(login_file().parent.iterdir()) == [login_file()]
    assert TOKEN not in repr(Login(**kept))


def test_a_token_that_is_given_is_tried_before_it_is_kept(
    cli: Cli, served: Answering
) -> None:
    words = ("login", served.url, "--token-stdin", "--json")
    refused = cli(*words, stdin="wrong\n")
    assert refused.status == exits.REFUSED
    assert refused.err == f"flashlog: {served.url} does not know this token\n"
    assert not login_file().exists()
    said = cli(*words, stdin=f"{TOKEN}\n")
    assert said.json == {"installation": served.url, "username": ""}
    assert cli("whoami", "--json").json == {
        "installation": served.url,
        "username": "",
        "organizations": ["freifunk"],
    }


def test_a_login_is_forgotten(cli: Cli, served: Answering, tmp_path: Path) -> None:
    log_in(cli, served.url)
    assert cli("logout").out == "logged out\n"
    assert not login_file().exists()
    assert cli("logout").out == "you were not logged in\n"
    facts = cli("whoami", "--json").json
    assert facts["installation"] == str(tmp_path / "data")
    assert facts["username"].endswith("@local")


def test_a_wrong_password_is_told_and_keeps_nothing(
    cli: Cli, served: Answering
) -> None:
    words = ("login", served.url, "--username", "maria", "--password-stdin")
    said = cli(*words, stdin="wrong\n")
    assert said.status == exits.REFUSED
    assert "does not let maria in: wrong name or password" in said.err
    assert not login_file().exists()


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://10.0.0.1", "would send password and token in clear: use https"),
        ("http://flashlog.example.org", "say --insecure-http where nobody else"),
        ("ftp://flashlog.example.org", "is not the address of a service"),
        ("https://", "is not the address of a service"),
        ("https://maria:secret@example.org", "is not the address of a service"),
        ("https://example.org:99999", "is not the address of a service"),
        ("https://example.org/?x=1", "is not the address of a service"),
    ],
)
def test_an_address_that_cannot_be_used_is_told(
    cli: Cli, url: str, message: str
) -> None:
    said = cli("login", url, "--username", "maria", "--password-stdin", stdin="x\n")
    assert said.status == exits.USAGE
    assert message in said.err


def test_who_cannot_be_asked_must_say_everything(cli: Cli) -> None:
    said = cli("login", "https://example.org", stdin="secret\n")
    assert said.status == exits.USAGE
    assert "say --username NAME, or --token-stdin" in said.err
    both = cli("login", "https://example.org", "--token-stdin", "--username", "maria")
    assert both.status == exits.USAGE
    blank = cli("login", "https://example.org", "--token-stdin", stdin="\n")
    assert "what was given is no token" in blank.err


@pytest.mark.parametrize(
    ("answer", "status", "message"),
    [
        (NOBODY, exits.UNREACHABLE, "does not know your token (any more)"),
        (
            Answer(429, {"detail": "x"}, {"Retry-After": "17"}),
            exits.REFUSED,
            "was asked too often: try again in 17 s",
        ),
        (Answer(200, b"<html>hello"), exits.UNREACHABLE, "not as Flashlog does"),
        (Answer(404, b"<html>hello"), exits.UNREACHABLE, "not as Flashlog does"),
        (Answer(500, {"detail": "Internal"}), exits.FAILED, ": Internal"),
        (
            Answer(301, b"", {"Location": "https://example.org/"}),
            exits.UNREACHABLE,
            "sends us on to https://example.org/",
        ),
        (None, exits.UNREACHABLE, "broke the connection off"),
    ],
)
def test_every_answer_that_is_none_is_told_in_a_sentence(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    answer: Answer | None,
    status: int,
    message: str,
) -> None:
    monkeypatch.setattr("web.cli.remote.client._PAUSE_SECONDS", 0.01)
    with answering(lambda _: answer) as found:
        monkeypatch.setenv("FLASHLOG_URL", found.url)
        monkeypatch.setenv("FLASHLOG_TOKEN", TOKEN)
        said = cli("whoami")
    assert said.status == status
    assert message in said.err
    assert said.err.count("\n") == 1


def test_a_question_is_repeated_where_the_service_is_only_starting(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cli.remote.client._PAUSE_SECONDS", 0.01)
    busy = iter([Answer(503, {"detail": "busy"}), Answer(502, b"gateway"), None])
    with answering(lambda asked: next(busy, service(asked))) as found:
        monkeypatch.setenv("FLASHLOG_URL", found.url)
        monkeypatch.setenv("FLASHLOG_TOKEN", TOKEN)
        assert cli("whoami").status == exits.DONE
        assert len(found.asked) == 4


def test_nobody_answers_and_a_name_is_unknown(cli: Cli) -> None:
    with answering(service) as found:
        gone = found.url
    for url, message in (
        (gone, "does not answer (connection refused): is the service running?"),
        ("https://nobody.invalid", "has a name that nobody knows"),
    ):
        words = ("login", url, "--username", "maria", "--password-stdin")
        said = cli(*words, stdin="secret\n")
        assert said.status == exits.UNREACHABLE
        assert message in said.err


def test_a_certificate_is_trusted_where_its_authority_is_named(
    cli: Cli, tmp_path: Path
) -> None:
    certificate = write_certificate(tmp_path / "server.pem")
    words = ("--username", "maria", "--password-stdin")
    with answering(service, certificate=certificate) as found:
        refused = cli("login", found.url, *words, stdin="secret\n")
        assert refused.status == exits.UNREACHABLE
        assert "shows a certificate that is not trusted (self-signed" in refused.err
        assert "--ca-file FILE" in refused.err
        trusted = (*words, "--ca-file", certificate)
        assert cli("login", found.url, *trusted, stdin="secret\n").status == exits.DONE
        assert cli("whoami").status == exits.DONE
        other = found.url.replace("127.0.0.1", "localhost")
        mismatch = cli("login", other, *trusted, stdin="secret\n")
        assert "not valid for 'localhost'" in mismatch.err
        plain = found.url.replace("https", "http")
        assert cli("login", plain, *words, stdin="x\n").status == exits.UNREACHABLE
    with answering(service) as found:
        tls = found.url.replace("http", "https")
        said = cli("login", tls, *words, stdin="secret\n")
        assert "does not speak TLS as it should" in said.err
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("nothing")
    said = cli("login", tls, *words, "--ca-file", nothing, stdin="x\n")
    assert said.status == exits.USAGE
    assert "cannot be used" in said.err


def test_the_environment_overrides_and_a_token_goes_nowhere_else(
    cli: Cli, served: Answering, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FLASHLOG_URL", "https://elsewhere.example.org")
    half = cli("whoami")
    assert half.status == exits.USAGE
    assert "FLASHLOG_URL is set, but FLASHLOG_TOKEN is not" in half.err
    monkeypatch.delenv("FLASHLOG_URL")
    log_in(cli, served.url)
    monkeypatch.setenv("FLASHLOG_URL", "https://elsewhere.example.org")
    other = cli("whoami")
    assert other.status == exits.USAGE
    assert f"you are logged in at {served.url}" in other.err
    monkeypatch.setenv("FLASHLOG_URL", served.url)
    assert cli("whoami").status == exits.DONE
    monkeypatch.setenv("FLASHLOG_TOKEN", "another")
    assert cli("whoami").status == exits.UNREACHABLE
    assert cli("--here", "whoami").status == exits.DONE


def test_a_login_that_others_may_read_is_not_used(cli: Cli, served: Answering) -> None:
    log_in(cli, served.url)
    login_file().chmod(0o644)
    said = cli("whoami")
    assert said.status == exits.USAGE
    assert "may be read by others" in said.err
    login_file().chmod(0o600)
    login_file().write_text("{")
    assert "log in again" in cli("whoami").err


def test_what_is_done_to_this_machine_must_be_meant(
    cli: Cli, served: Answering
) -> None:
    log_in(cli, served.url)
    add = (
        *("device", "add", "roof-7", "--address", "10.0.0.7"),
        *("--mac", "60:e3:27:aa:bb:cc", "--empty-password"),
    )
    said = cli(*add)
    assert said.status == exits.USAGE
    assert f"you are logged in at {served.url}" in said.err
    assert "say `flashlog --here device add …`" in said.err
    assert cli("--here", *add).status == exits.DONE
    assert f"run it where that service runs, use {served.url}/devices/, or" in said.err
    health = cli("health")
    assert health.status == exits.DONE
    assert f"on this machine, not about {served.url}\n" in health.err
    login_file().write_text("{")
    assert cli("health").err == ""
    assert len(served.asked) == 1


def test_a_directory_that_may_not_be_read_holds_no_login(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("web.cli.remote.login.login_file", _Locked)
    assert cli("device", "list").status == exits.DONE


class _Locked:
    """A path below a directory of somebody else."""

    def stat(self) -> None:
        raise PermissionError(13, "Permission denied")
