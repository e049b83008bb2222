"""Each way to tell people, to somebody real who listens."""

import base64
import hashlib
import hmac
import json
import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from urllib.parse import quote
from uuid import UUID

import pytest

from application.notices.channel import UndeliveredError
from application.notices.channels import channels_of
from application.notices.notice import Notice
from application.notices.occasions import Kind, Occasion
from application.settings import Settings, SettingsError
from tests.application.notices.listeners import WebListener, make_certificate
from tests.application.notices.mail_server import MailListener

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
BATCH = UUID(int=7)
NOTICE = Notice(
    id=UUID(int=1),
    timestamp=NOON,
    installation=UUID(int=2),
    batch=BATCH,
    subject="Flashlog: 1 failed",
    text="Größe",
    counts={"failed": 1},
    occasions=[Occasion(kind=Kind.FAILED, reason="lost", at=NOON, position=9)],
)


def send(tmp_path: Path, **settings: Any) -> None:
    (channel,) = channels_of(Settings(data_dir=tmp_path, **settings))
    channel.send(NOTICE)


def test_a_webhook_gets_the_notice_as_json(tmp_path: Path, web: WebListener) -> None:
    send(tmp_path, notice_webhook_url=web.url)
    (hook,) = web.got
    said = json.loads(hook.body)
    assert said["type"] == "flashlog.notice"
    assert said["batch"] == str(BATCH)
    assert said["occasions"][0]["kind"] == "failed"
    assert hook.headers["content-type"] == "application/json"
    assert hook.headers["webhook-id"] == str(NOTICE.id)
    assert "webhook-signature" not in hook.headers


def test_a_webhook_with_a_secret_is_signed_as_standard_webhooks_says(
    tmp_path: Path, web: WebListener
) -> None:
    secret = b"\x01" * 24
    text = f"whsec_{base64.b64encode(secret).decode()}"
    send(tmp_path, notice_webhook_url=web.url, notice_webhook_secret=text)
    (hook,) = web.got
    signed = b".".join(
        [
            hook.headers["webhook-id"].encode(),
            hook.headers["webhook-timestamp"].encode(),
            hook.body,
        ]
    )
    digest = hmac.new(secret, signed, hashlib.sha256).digest()
    expected = f"v1,{base64.b64encode(digest).decode()}"
    assert hook.headers["webhook-signature"] == expected


@pytest.mark.parametrize(
    ("status", "is_final"), [(500, False), (302, False), (410, True)]
)
def test_a_webhook_that_answers_otherwise_was_not_told(
    tmp_path: Path, web: WebListener, *, status: int, is_final: bool
) -> None:
    web.statuses = [status]
    with pytest.raises(UndeliveredError, match=str(status)) as caught:
        send(tmp_path, notice_webhook_url=web.url)
    assert caught.value.is_final == is_final
    assert len(web.got) == 1


def test_a_webhook_that_nobody_serves_was_not_told(
    tmp_path: Path, web: WebListener
) -> None:
    with pytest.raises(UndeliveredError):
        send(tmp_path, notice_webhook_url="http://127.0.0.1:1/")


def test_a_mail_says_it_in_plain_text(tmp_path: Path, mail: MailListener) -> None:
    send(
        tmp_path,
        notice_mail_url=mail.url,
        notice_mail_to="noc@example.org, roof@example.org",
        notice_mail_from="flashlog@example.org",
    )
    (text,) = mail.got
    assert "Subject: Flashlog: 1 failed" in text
    assert "From: flashlog@example.org" in text
    assert "Message-ID: <00000000-0000-0000-0000-000000000001@" in text
    assert len(mail.recipients) == 2


@pytest.mark.parametrize("is_trusted", [True, False])
def test_mail_over_tls_goes_to_a_server_that_is_trusted_alone(
    tmp_path: Path,
    mail: MailListener,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_trusted: bool,
) -> None:
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    settings = {
        "notice_mail_url": mail.speak_tls(certificate),
        "notice_mail_to": "noc@example.org",
    }
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        send(tmp_path, **settings)
    else:
        with pytest.raises(UndeliveredError, match="certificate"):
            send(tmp_path, **settings)
    assert len(mail.got) == is_trusted


_PASSWORD = "p@ss:w/rd"


@pytest.mark.parametrize("password", [_PASSWORD, "wrong"])
def test_mail_is_sent_after_starttls_and_a_log_in(
    tmp_path: Path, mail: MailListener, monkeypatch: pytest.MonkeyPatch, password: str
) -> None:
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    mail.ask_for("me@example.org", _PASSWORD, certificate=certificate)
    log_in = f"{quote('me@example.org')}:{quote(password, safe='')}"
    url = mail.url.replace("smtp://", f"smtp://{log_in}@")
    if password == _PASSWORD:
        send(tmp_path, notice_mail_url=url, notice_mail_to="noc@example.org")
        assert len(mail.got) == 1
    else:
        with pytest.raises(UndeliveredError, match="535") as caught:
            send(tmp_path, notice_mail_url=url, notice_mail_to="noc@example.org")
        assert password not in str(caught.value)
        assert mail.got == []
    assert mail.logged_in[0] is (password == _PASSWORD)


def test_a_log_in_is_never_shown_to_a_server_with_a_strange_certificate(
    tmp_path: Path, mail: MailListener
) -> None:
    certificate = tmp_path / "certificate.pem"
    make_certificate(certificate)
    mail.ask_for("me", "secret", certificate=certificate)
    url = mail.url.replace("smtp://", "smtp://me:secret@")
    with pytest.raises(UndeliveredError, match="certificate"):
        send(tmp_path, notice_mail_url=url, notice_mail_to="noc@example.org")
    assert (mail.logged_in, mail.got) == ([], [])


def test_a_mail_that_is_refused_was_not_told(
    tmp_path: Path, mail: MailListener
) -> None:
    mail.refuses = ("noc@example.org",)
    with pytest.raises(UndeliveredError):
        send(tmp_path, notice_mail_url=mail.url, notice_mail_to="noc@example.org")


def test_a_mail_that_one_of_several_gets_is_not_sent_again(
    tmp_path: Path, mail: MailListener
) -> None:
    mail.refuses = ("gone@example.org",)
    to = "gone@example.org, noc@example.org"
    send(tmp_path, notice_mail_url=mail.url, notice_mail_to=to)
    assert len(mail.got) == 1


def test_a_password_is_never_sent_to_a_mail_server_without_tls(
    tmp_path: Path, mail: MailListener
) -> None:
    url = mail.url.replace("smtp://", "smtp://me:secret@")
    with pytest.raises(UndeliveredError):
        send(tmp_path, notice_mail_url=url, notice_mail_to="noc@example.org")
    assert mail.got == []


def test_a_command_gets_the_notice_on_its_input(tmp_path: Path) -> None:
    script = tmp_path / "tell me"
    script.write_text(f"#!/bin/sh\ncat > '{tmp_path}/told'\n")
    script.chmod(0o700)
    send(tmp_path, notice_command=f"'{script}'")
    assert json.loads((tmp_path / "told").read_bytes())["counts"] == {"failed": 1}


@pytest.mark.parametrize("command", ["false", "/no/such/program"])
def test_a_command_that_fails_was_not_told(tmp_path: Path, command: str) -> None:
    with pytest.raises(UndeliveredError):
        send(tmp_path, notice_command=command)


def test_a_command_that_hangs_is_killed_with_all_that_it_started(
    tmp_path: Path,
) -> None:
    script = "sleep 600 & echo $! > pid; wait"
    with pytest.raises(UndeliveredError, match="longer"):
        send(
            tmp_path,
            notice_command=f"{sys.executable} -c \"import os; os.chdir('{tmp_path}');"
            f" os.execvp('sh', ['sh', '-c', '{script}'])\"",
            notice_limit_seconds=1.0,
        )
    child = int((tmp_path / "pid").read_text())
    until = monotonic() + 60
    while is_running(child):
        assert monotonic() < until, "it is still there"
        sleep(0.05)


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state[0] != "Z"


@pytest.mark.parametrize(
    "settings",
    [
        {"notice_webhook_url": "example.org/hook"},
        {"notice_webhook_url": "ftp://example.org"},
        {"notice_webhook_url": "http://"},
        {"notice_webhook_url": "http://h", "notice_webhook_secret": "whsec_?"},
        {"notice_mail_url": "http://mail", "notice_mail_to": "a@b"},
        {"notice_mail_url": "smtp://mail"},
        {"notice_mail_url": "smtp://mail:port", "notice_mail_to": "a@b"},
        {"notice_mail_url": "smtps://me:%C3%A4@mail", "notice_mail_to": "a@b"},
        {"notice_command": "tell 'me"},
        {"notice_command": " "},
    ],
    ids=str,
)
def test_what_cannot_work_is_said_at_the_start(
    tmp_path: Path, settings: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="FLASHLOG_NOTICE_"):
        channels_of(Settings(data_dir=tmp_path, **settings))


def test_without_settings_nobody_is_told(tmp_path: Path) -> None:
    assert channels_of(Settings(data_dir=tmp_path)) == []
