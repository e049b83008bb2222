"""Recorded visits of an upgrade over REST: what was said, and to whom it is told."""

from uuid import uuid4

from application.flashlog import Flashlog
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.conftest import API, Caller
from tests.web.people import People
from tests.web.recorded import note_trouble, record_visit


def test_visits_are_listed_with_what_their_files_are(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    url = f"{API}/upgrade-operation/{operation_id}/recordings/"
    assert admin.get(url).get_json()["results"] == []
    sha256 = record_visit(flashlog, operation_id, printed="hello")
    note_trouble(flashlog, operation_id, "no room")
    first, second = admin.get(url).get_json()["results"]
    assert (first["number"], first["sha256"], first["commands"]) == (1, sha256, 2)
    assert (second["number"], second["trouble"]) == (2, "no room")
    assert first["position"] < second["position"]


def test_a_visit_is_told_line_by_line(admin: Caller, flashlog: Flashlog) -> None:
    operation_id = examples.operation(flashlog)
    record_visit(flashlog, operation_id, printed="hello")
    url = f"{API}/upgrade-operation/{operation_id}/recordings/1/"
    answer = admin.get(url).get_json()
    assert answer["count"] == 4
    visit, opened, inspect, lost = answer["results"]
    assert [visit["kind"], opened["kind"], inspect["kind"]] == [
        "visit",
        "opened",
        "command",
    ]
    assert (inspect["number"], inspect["after_seconds"]) == (3, 1.25)
    assert inspect["data"]["script"] == "inspect"
    told = inspect["data"]["answer"]
    assert (told["exit_status"], told["stdout"]["text"]) == (3, "hello")
    assert lost["data"]["trouble"]["error"] == "LostError"
    (only,) = admin.get(url, query_string={"page_size": 1, "page": 3}).get_json()[
        "results"
    ]
    assert only == inspect


def test_what_is_not_there_says_why(admin: Caller, flashlog: Flashlog) -> None:
    operation_id = examples.operation(flashlog)
    sha256 = record_visit(flashlog, operation_id, printed="hello")
    note_trouble(flashlog, operation_id, "no room")
    flashlog.recordings.path(sha256).unlink()
    for number, reason in ((1, "not in the data directory"), (2, "no room")):
        url = f"{API}/upgrade-operation/{operation_id}/recordings/{number}/"
        (line,) = admin.get(url).get_json()["results"]
        assert line["kind"] == "missing"
        assert reason in line["data"]["reason"]


def test_there_is_no_visit_beyond_the_last(admin: Caller, flashlog: Flashlog) -> None:
    operation_id = examples.operation(flashlog)
    record_visit(flashlog, operation_id, printed="hello")
    for number in (0, 2, 10**12):
        url = f"{API}/upgrade-operation/{operation_id}/recordings/{number}/"
        assert admin.get(url).status_code == 404
    url = f"{API}/upgrade-operation/{uuid4()}/recordings/"
    assert admin.get(url).status_code == 404


def test_whoever_may_only_look_is_not_told_what_routers_print(
    flashlog: Flashlog, people: People
) -> None:
    operation_id = examples.operation(flashlog)
    record_visit(flashlog, operation_id, printed="hello")
    other = examples.organization(flashlog, "other")
    expected = {
        people.administrator(DEFAULT_ORGANIZATION_ID): 200,
        people.operator(DEFAULT_ORGANIZATION_ID): 403,
        people.administrator(other): 404,
        people.anonymous(): 401,
    }
    for caller, status in expected.items():
        for path in ("recordings/", "recordings/1/"):
            url = f"{API}/upgrade-operation/{operation_id}/{path}"
            assert caller.get(url).status_code == status
