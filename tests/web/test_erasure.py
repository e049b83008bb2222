"""Of an erased person nothing is left anywhere, and the log is as good as before."""

import base64
import logging
import zlib
from http import HTTPStatus
from uuid import UUID

import msgspec
import pytest
from flask.testing import FlaskClient

from application.audit.looking import verify_storage
from application.commands.memberships import set_membership
from application.flashlog import Flashlog
from application.persons import KIND
from application.queries.history import device_history
from application.queries.people import ERASED
from application.recordings.lines import (
    Answer,
    CommandLine,
    Output,
    RecordingLine,
    VisitLine,
    encode,
)
from application.recordings.operation_file import recorded_operation
from application.sealing import seal
from application.simulation.recording import Recording
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from domain.reservation import Reservation
from domain.user import User
from tests.contents import contents
from tests.web import examples
from tests.web.conftest import API, Caller, id_of

USERS = "/api/v1/users"
PERSON = {
    "username": "lovelace.ada",
    "email": "ada@lovelace.example",
    "first_name": "Augusta",
    "last_name": "Lövelace-Byron",
    "phone_number": "+442079460123",
    "birth_date": "1815-12-10",
    "bio": "Wrote the first programme.",
    "company": "Analytical Engines",
    "location": "Ockham Park",
    "notes": "likes flying",
    "url": "https://lovelace.example/ada",
}
OLD_EMAIL = "ada@byron.example"
PASSWORD = "difference engine no 2"
SAID = (
    "output=asked by LOVELACE.ADA <ada@lovelace.example>\n"
    "output=Augusta Lövelace-Byron, +442079460123\n"
    "exit_status=0\n"
)


class Ada:
    """A person who has left traces of every kind."""

    def __init__(self, flashlog: Flashlog, client: FlaskClient, admin: Caller) -> None:
        self.flashlog = flashlog
        made = admin.post(
            f"{USERS}/user/",
            json=PERSON | {"email": OLD_EMAIL, "password": PASSWORD, "is_staff": True},
        )
        assert made.status_code == HTTPStatus.CREATED, made.text
        self.id = id_of(flashlog, PERSON["username"])
        path = f"{USERS}/user/{self.id}/"
        changed = admin.patch(path, json={"email": PERSON["email"]})
        assert changed.status_code == HTTPStatus.OK, changed.text
        promoted = admin.patch(path, json={"is_superuser": True})
        assert promoted.status_code == HTTPStatus.OK, promoted.text
        set_membership(
            flashlog,
            user_id=self.id,
            organization_id=DEFAULT_ORGANIZATION_ID,
            is_admin=True,
        )
        log_in = {"username": PERSON["username"], "password": PASSWORD}
        shown = client.post(f"{USERS}/token/", json=log_in)
        self.token = str((shown.json or {})["token"])
        self.caller = Caller(client, self.token)
        self.operation_id = examples.operation(flashlog)
        operation = flashlog.log.get(UpgradeOperation, self.operation_id)
        self.device_id = operation.device_id
        cancelled = self.caller.post(
            f"{API}/upgrade-operation/{self.operation_id}/cancel/",
            headers={"Idempotency-Key": PERSON["email"]},
        )
        assert cancelled.status_code == HTTPStatus.OK, cancelled.text
        deactivated = self.caller.post(
            f"/api/v1/controller/device/{self.device_id}/deactivate/"
        )
        assert deactivated.status_code < HTTPStatus.BAD_REQUEST, deactivated.text
        self.record()
        user = flashlog.log.get(User, self.id)
        self.record_ids = [user.person_id, user.password_id, user.token_id]
        self.sealed = [_sealed(flashlog, each) for each in self.record_ids]

    def record(self) -> None:
        visit = VisitLine(
            operation=self.operation_id,
            installation=self.flashlog.installation,
            visit=1,
            attempt=1,
            runner="runner-1",
            at=examples.NOON,
        )
        answer = Answer(exit_status=0, stdout=Output(text=SAID))
        line = CommandLine(
            script="health",
            inputs={"command": "mail lovelace.ada@localhost"},
            answer=answer,
        )
        content = zlib.compress(encode(visit) + encode(line))
        sha256 = self.flashlog.recordings.put(content)
        operation = self.flashlog.log.get(UpgradeOperation, self.operation_id)
        operation.note_recording(events.VisitRecorded(sha256=sha256, commands=1))
        self.flashlog.show(self.flashlog.log.append(operation))


def _sealed(flashlog: Flashlog, record_id: UUID | None) -> bytes:
    assert record_id
    row = flashlog.vault._file.select(record_id)
    assert row
    _, sealed = row
    return sealed


def _traces(ada: Ada) -> list[bytes]:
    """Return all that must be found nowhere, in the forms that it may have."""
    words = [*PERSON.values(), OLD_EMAIL, PASSWORD, ada.token]
    texts = [each for word in words for each in (word, word.upper(), word.lower())]
    plain = [text.encode() for text in texts]
    escaped = [msgspec.json.encode(text)[1:-1] for text in texts]
    wide = [text.encode("utf-16-le") for text in texts]
    based = [base64.b64encode(text)[:-4] for text in plain]
    # Nor what anybody could make of a name without a key of ours.
    guessed = [
        Reservation.id_of(scope, PERSON[field]).bytes
        for scope, field in (
            ("user/username", "username"),
            ("user/email", "email"),
            ("user/phone", "phone_number"),
        )
    ]
    return [*plain, *escaped, *wide, *based, *guessed, *ada.sealed]


def _found(traces: list[bytes], where: dict[str, bytes]) -> list[tuple[str, bytes]]:
    return [
        (name, trace)
        for name, content in where.items()
        for trace in traces
        if trace in content
    ]


@pytest.fixture
def ada(flashlog: Flashlog, client: FlaskClient, admin: Caller) -> Ada:
    return Ada(flashlog, client, admin)


def test_nothing_of_an_erased_person_is_left_anywhere(
    ada: Ada, admin: Caller, flashlog: Flashlog, caplog: pytest.LogCaptureFixture
) -> None:
    settings, traces = flashlog.settings, _traces(ada)
    # Else nothing would be proved by finding nothing.
    before = {name for name, _ in _found(traces, contents(settings))}
    assert any(name.startswith(("vault.sqlite", "dump")) for name in before)
    assert any(name.endswith("unpacked") for name in before)
    assert len(before) <= 4, before
    with caplog.at_level(logging.DEBUG):
        erased = admin.delete(f"{USERS}/user/{ada.id}/")
    assert erased.status_code == HTTPStatus.NO_CONTENT
    seal(flashlog)

    assert _found(traces, contents(settings)) == []
    assert _found(traces, {"logged": caplog.text.encode()}) == []
    report = verify_storage(
        flashlog.storage,
        vkeys=(),
        held=(),
        progress=lambda _done, _total: None,
    )
    assert (report.findings, report.recordings) == ([], 1)


def test_an_erased_person_is_somebody_who_was_erased(
    ada: Ada, admin: Caller, flashlog: Flashlog
) -> None:
    assert PERSON["username"] in {
        each.by for each in device_history(flashlog, ada.device_id)
    }
    admin.delete(f"{USERS}/user/{ada.id}/")

    names = {each.by for each in device_history(flashlog, ada.device_id)}
    assert ERASED in names
    assert PERSON["username"] not in names


def test_a_token_and_a_session_end_with_the_person(
    ada: Ada, admin: Caller, client: FlaskClient
) -> None:
    browser = client.application.test_client()
    browser.get("/admin/login/")
    cookie = browser.get_cookie("csrftoken")
    assert cookie
    form = {
        "username": PERSON["username"],
        "password": PASSWORD,
        "csrfmiddlewaretoken": cookie.value,
    }
    assert browser.post("/admin/login/", data=form).status_code == HTTPStatus.FOUND
    listed = f"{API}/upgrade-operation/"
    assert browser.get(listed).status_code == HTTPStatus.OK
    assert ada.caller.get(listed).status_code == HTTPStatus.OK

    admin.delete(f"{USERS}/user/{ada.id}/")

    assert browser.get(listed).status_code == HTTPStatus.UNAUTHORIZED
    assert ada.caller.get(listed).status_code == HTTPStatus.UNAUTHORIZED
    log_in = {"username": PERSON["username"], "password": PASSWORD}
    asked = client.post(f"{USERS}/token/", json=log_in)
    assert asked.status_code == HTTPStatus.BAD_REQUEST


def test_no_answer_names_an_erased_person(
    ada: Ada, admin: Caller, client: FlaskClient
) -> None:
    admin.delete(f"{USERS}/user/{ada.id}/")

    answers = {}
    for rule in client.application.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.arguments:
            continue
        if "/ws/" in rule.rule or rule.rule.startswith("/static"):
            continue
        answers[rule.rule] = admin.get(rule.rule).data
    answers["feed"] = admin.get(f"{API}/event/?after=0&limit=1000").data
    for path in (
        f"{API}/upgrade-operation/{ada.operation_id}/",
        f"/api/v1/controller/device/{ada.device_id}/",
    ):
        answers[path] = admin.get(path).data
    assert len(answers) > 20
    assert str(ada.id).encode() in answers["feed"]
    assert _found(_traces(ada), answers) == []


def test_a_recording_is_blanked_and_played_as_before(
    ada: Ada, admin: Caller, flashlog: Flashlog
) -> None:
    admin.delete(f"{USERS}/user/{ada.id}/")

    lines = list(recorded_operation(flashlog, ada.operation_id))
    (visit,) = Recording.read(lines).visits
    (command,) = visit.acts
    assert isinstance(command, CommandLine)
    assert command.inputs == {"command": "mail [erased]@localhost"}
    assert command.answer
    assert command.answer.stdout.text == (
        "output=asked by [erased] <[erased]>\n"
        "output=[erased], [erased]\n"
        "exit_status=0\n"
    )
    head = msgspec.json.decode(lines[0], type=RecordingLine)
    assert head.operation == ada.operation_id


def test_a_damaged_recording_keeps_nobody_from_being_erased(
    ada: Ada, admin: Caller, flashlog: Flashlog
) -> None:
    store = flashlog.recordings
    store.put(b"no file of ours")
    cut = store.put(zlib.compress(b'{"kind":"comm ada@lovelace.example'))
    other = store.put(zlib.compress(b'{"kind":"comm'))
    admin.delete(f"{USERS}/user/{ada.id}/")
    assert cut not in store
    assert other in store


def test_who_was_not_erased_to_the_end_can_be_erased_again(
    ada: Ada, admin: Caller, flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(flashlog.recordings, "delete", _broken)
        admin.delete(f"{USERS}/user/{ada.id}/")
    assert flashlog.vault.get(ada.record_ids[0], kind=KIND)  # type: ignore[arg-type]
    assert admin.delete(f"{USERS}/user/{ada.id}/").status_code == HTTPStatus.NO_CONTENT
    assert _found(_traces(ada), contents(flashlog.settings)) == []


def _broken(_: str) -> bool:
    raise OSError(5, "Input/output error")
