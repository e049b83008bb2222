"""The event feed over HTTP: pages, filters, who sees what, and waiting for more."""

import time
from collections.abc import Iterator
from threading import Thread
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.flashlog import Flashlog
from tests.web import examples
from tests.web.conftest import API, ON_BOTH, Caller
from tests.web.people import People
from tests.web.sockets import fleet

pytestmark = ON_BOTH

FEED = f"{API}/event/"


def ask(caller: Caller, **query: Any) -> dict[str, Any]:
    answer = caller.get(FEED, query_string=query)
    assert answer.status_code == 200, answer.text
    found = answer.get_json()
    assert isinstance(found, dict)
    return found


def pages(caller: Caller, **query: Any) -> Iterator[dict[str, Any]]:
    after = 0
    while True:
        page = ask(caller, after=after, **query)
        yield page
        if page["is_caught_up"]:
            return
        assert page["position"] > after
        after = page["position"]


def test_the_pages_are_the_log(flashlog: Flashlog, admin: Caller) -> None:
    examples.operation(flashlog)
    found = list(pages(admin, limit=3))
    told = [event["position"] for page in found for event in page["events"]]
    assert told == list(range(1, flashlog.log.end() + 1))
    assert all(len(page["events"]) <= 3 for page in found)
    assert found[-1]["position"] == flashlog.log.end()


def test_at_the_end_there_is_nothing(flashlog: Flashlog, admin: Caller) -> None:
    end = flashlog.log.end()
    nothing = {"events": [], "position": end, "is_caught_up": True}
    assert ask(admin, after=end) == nothing
    assert ask(admin, after="end") == nothing


def test_what_is_not_wanted_is_passed_over(flashlog: Flashlog, admin: Caller) -> None:
    operation_id = examples.operation(flashlog)
    page = ask(admin, operation=operation_id)
    assert [event["type"] for event in page["events"]] == ["UpgradeOperation:Started"]
    assert page["position"] == flashlog.log.end()
    assert ask(admin, operation=uuid4())["events"] == []
    several = ask(admin, type=["Device:Registered", "UpgradeOperation"])
    kinds = {event["type"] for event in several["events"]}
    assert kinds == {"Device:Registered", "UpgradeOperation:Started"}


@pytest.mark.in_process
def test_one_question_looks_through_a_part_of_a_long_log(
    flashlog: Flashlog, admin: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("application.feed.pages._LOOKED_THROUGH_MAX", 4)
    monkeypatch.setattr("application.feed.pages.PAGE_EVENTS", 2)
    operation_id = examples.operation(flashlog)
    found = list(pages(admin, operation=operation_id))
    assert len(found) > 1
    assert [len(page["events"]) for page in found][-1] == 1


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("after=-1", "after"),
        ("after=x", "after"),
        ("after=%C2%B2", "after"),
        (f"after={2**63}", "after"),
        ("limit=0", "limit"),
        ("limit=x", "limit"),
        ("wait=-1", "wait"),
        ("wait=nan", "wait"),
        ("wait=inf", "wait"),
        ("device=1", "device"),
        ("batch=1", "batch"),
        ("operation=1", "operation"),
        ("type=Nothing", "type"),
    ],
)
def test_a_wrong_parameter_is_named(admin: Caller, query: str, field: str) -> None:
    answer = admin.get(f"{FEED}?{query}")
    assert answer.status_code == 400
    assert list(answer.get_json()) == [field]


def test_a_position_beyond_the_end_is_409(flashlog: Flashlog, admin: Caller) -> None:
    answer = admin.get(FEED, query_string={"after": flashlog.log.end() + 1})
    assert answer.status_code == 409
    assert str(flashlog.log.end()) in answer.get_json()["detail"]


def test_who_may_ask(people: People, mine: UUID) -> None:
    assert people.anonymous().get(FEED).status_code == 401
    assert people.member(mine).get(FEED).status_code == 403
    assert people.manager_without_permissions(mine).get(FEED).status_code == 403
    for caller in (people.operator(mine), people.administrator(mine)):
        assert caller.get(FEED).status_code == 200
        assert caller.post(FEED).status_code == 403
    superuser = people.superuser()
    assert superuser.get(FEED).status_code == 200
    assert superuser.post(FEED).status_code == 405
    assert superuser("HEAD", FEED).data == b""


def test_nobody_is_told_of_another_organization(
    flashlog: Flashlog, people: People, mine: UUID
) -> None:
    theirs = examples.organization(flashlog, "theirs")
    own, foreign = (fleet.operation_of(flashlog, each) for each in (mine, theirs))
    for caller in (people.operator(mine), people.administrator(mine)):
        told = [event for page in pages(caller) for event in page["events"]]
        subjects = {event["subject"] for event in told}
        assert str(own) in subjects
        assert not {str(foreign), str(theirs)} & subjects
        assert ask(caller, operation=foreign)["events"] == []


def test_whoever_waits_is_answered_as_soon_as_something_happens(
    flashlog: Flashlog, admin: Caller
) -> None:
    operation_id = examples.operation(flashlog)
    end = flashlog.log.end()

    def happen() -> None:
        time.sleep(0.3)
        flashlog.show(examples.note(flashlog, operation_id, *examples.connected()))

    happening = Thread(target=happen)
    begun = time.monotonic()
    happening.start()
    page = ask(admin, after=end, wait=20)
    took = time.monotonic() - begun
    happening.join()
    assert page["events"][0]["position"] == end + 1
    assert 0.2 < took < 19  # and did not wait for all of it


def test_a_wait_ends_with_where_to_go_on(flashlog: Flashlog, admin: Caller) -> None:
    operation_id = examples.operation(flashlog)
    end = flashlog.log.end()
    begun = time.monotonic()
    page = ask(admin, after=0, operation=uuid4(), wait=0.3)
    assert time.monotonic() - begun > 0.2
    assert page == {"events": [], "position": end, "is_caught_up": True}
    assert ask(admin, after=0, operation=operation_id, wait=20)["events"]
