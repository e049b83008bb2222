"""The stream of events: newest first, narrowed, paged, live, and one's own only."""

import re
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

from playwright.sync_api import expect
from werkzeug.test import TestResponse

from application.feed.audience import TYPES
from application.flashlog import Flashlog
from domain.group import ADMINISTRATOR
from domain.reservation import Claimed
from tests.console.city import City
from tests.console.pages import Browser, text_of
from tests.console.visitor import Visitor
from tests.web import examples
from tests.web.people import People
from web.console.history.section import EVENT_KINDS

_A_PAGE = 50
_POSITION = re.compile(r'id="event-(\d+)"')


def test_every_event_is_reached_once_and_newest_first(
    admin: Browser, flashlog: Flashlog
) -> None:
    for number in range(20):
        examples.organization(flashlog, f"town-{number}")
        examples.operation(flashlog)
    seen: list[int] = []
    path = "/history/"
    while path:
        page = admin.get(path)
        seen += _positions(page)
        found = re.search(r'rel="next" href="([^"]*)"', page.get_data(as_text=True))
        path = "/history/" + found[1].replace("&amp;", "&") if found else ""
    told = [
        entry.position
        for entry in flashlog.log.read(after=0, limit=1000)
        if not isinstance(entry.event, Claimed)
    ]
    assert seen == told[::-1]
    assert len(seen) > 2 * _A_PAGE


def test_what_flashlog_notes_for_itself_is_told_to_who_asks(
    admin: Browser, flashlog: Flashlog
) -> None:
    examples.operation(flashlog)
    assert "Claimed" not in text_of(admin.get("/history/"))
    assert "Claimed" in text_of(admin.get("/history/?type=Reservation"))


def test_events_are_narrowed_to_a_thing_and_a_kind(
    admin: Browser, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    examples.operation(flashlog)
    page = admin.get(f"/history/?operation={operation_id}&type=UpgradeOperation")
    assert len(_positions(page)) == 1
    assert "Started" in text_of(page)
    assert "/history/?type=UpgradeOperation" in page.get_data(as_text=True)


def test_a_wrong_filter_is_named(admin: Browser) -> None:
    page = admin.get("/history/?type=Weather")
    assert page.status_code == HTTPStatus.BAD_REQUEST
    assert "There is no event type Weather." in text_of(page)


def test_nothing_of_others_is_told(flashlog: Flashlog, people: People) -> None:
    examples.operation(flashlog)
    far_away = examples.organization(flashlog, "far-away")
    stranger = people.user(
        far_away, is_admin=True, is_staff=True, groups=(ADMINISTRATOR.number,)
    )
    page = Browser(flashlog, stranger).get("/history/")
    assert "Upgrade" not in text_of(page).partition("Position")[2]


def test_what_happens_appears_by_itself(
    visitor: Visitor, city: City, pictures: Path
) -> None:
    page = visitor.open("/history/")
    name = f"town-{uuid4().hex[:6]}"
    examples.organization(city.flashlog, name)
    expect(page.get_by_text(f"Founded: {name}")).to_be_visible()
    visitor.picture(pictures, "history")


def _positions(page: TestResponse) -> list[int]:
    return [int(each) for each in _POSITION.findall(page.get_data(as_text=True))]


def test_every_kind_of_event_has_words() -> None:
    assert set(EVENT_KINDS) == {each for each in TYPES if ":" not in each}
