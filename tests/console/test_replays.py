"""Pages of devices and mass upgrades as of any event of theirs."""

import re
from http import HTTPStatus
from uuid import UUID

import pytest

from application.commands.device_changes import change_device
from application.commands.device_lifecycle import deactivate_device
from application.commands.operations import cancel_operation, start_upgrade
from application.flashlog import Flashlog
from application.past.patience import Patience
from application.queries.histories import about_batch, count_about_batch, history_of
from application.queries.users import account_of_user
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import Stock
from tests.console.pages import Browser, text_of
from tests.web.firmware import an_organization
from tests.web.people import People
from tests.web.sockets.fleet import Members
from web.console import replaying


@pytest.fixture
def stock(flashlog: Flashlog) -> Stock:
    return Stock(flashlog)


def test_a_device_is_shown_as_of_each_of_its_events_and_of_its_upgrades(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    image_id = stock.image(stock.build(stock.category()))
    device_id = stock.device(image_id, name="attic")
    path = f"/devices/{device_id}/"
    before = _count(admin, path)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    running = _count(admin, path)
    cancel_operation(flashlog, operation_id=operation_id)
    deactivate_device(flashlog, device_id=device_id)
    change_device(flashlog, device_id, {"name": "cellar"})

    assert "It was never upgraded" in _at(admin, path, before)
    then = admin.get(f"{path}?at={running}").get_data(as_text=True)
    assert "attic" in then
    assert "out of service" not in then
    # What is done there would be done now: nothing is offered.
    assert "/cancel/" not in then
    assert f"{path}check/" not in then
    assert "data-stands-still" in then
    now = _at(admin, path, _count(admin, path))
    assert "cellar" in now
    assert "out of service" in now
    assert "As it was at" not in now


def test_a_mass_upgrade_is_shown_as_of_each_event(
    flashlog: Flashlog, admin: Browser
) -> None:
    members = Members(flashlog, 3, organization_id=DEFAULT_ORGANIZATION_ID)
    path = f"/mass-upgrades/{members.id}/"
    begun = _count(admin, path)
    first = members.fill(3)[0]
    filled = _count(admin, path)
    cancel_operation(flashlog, operation_id=first)
    members.hold()

    assert "No operation yet" in _at(admin, path, begun)
    then = _at(admin, path, filled)
    assert "0 of 3 ended" in then
    assert "Held:" not in then
    assert "Nothing can be done on this page" in then
    now = _at(admin, path, _count(admin, path))
    assert "1 of 3 ended" in now
    assert "Held: a look at the first ones" in now
    # The filters and the page of the list go along.
    kept = admin.get(f"{path}?at={filled}&status=in-progress").get_data(as_text=True)
    assert f'href="{path}?status=in-progress&amp;at={filled - 1}"' in kept
    assert 'name="status" value="in-progress"' in kept


def test_events_are_counted_as_they_are_listed(flashlog: Flashlog) -> None:
    members = Members(flashlog, 2, organization_id=DEFAULT_ORGANIZATION_ID)
    members.fill(2)
    people = People(flashlog, None)  # type: ignore[arg-type]
    manager = people.user(
        DEFAULT_ORGANIZATION_ID, is_admin=True, is_staff=True, groups=(1,)
    )
    for user_id in (people.user(name="root", is_superuser=True), manager):
        account = account_of_user(flashlog.views, user_id)
        assert account is not None
        row = flashlog.views.one("batch", str(members.id))
        assert row is not None
        events = about_batch(flashlog, account, members.id)
        listed = history_of(flashlog, events, until=flashlog.log.end()).positions
        assert count_about_batch(flashlog, account, row) == len(listed) > 0


@pytest.mark.parametrize("asked", ["0", "9999", "-1", "x", "1e3", "9" * 30])
def test_events_that_there_are_not_are_not_found(
    flashlog: Flashlog, admin: Browser, stock: Stock, asked: str
) -> None:
    device_id = stock.device(stock.image(stock.build(stock.category())), name="attic")
    members = Members(flashlog, 1, organization_id=DEFAULT_ORGANIZATION_ID)
    for path in (f"/devices/{device_id}/", f"/mass-upgrades/{members.id}/"):
        assert admin.get(f"{path}?at={asked}").status_code == HTTPStatus.NOT_FOUND


def test_a_page_that_takes_too_long_says_so_and_keeps_the_slider(
    flashlog: Flashlog, admin: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = Members(flashlog, 2, organization_id=DEFAULT_ORGANIZATION_ID)
    members.fill(2)
    monkeypatch.setattr(replaying, "PAGE_SECONDS_MAX", 1e-9)
    page = admin.get(f"/mass-upgrades/{members.id}/?at=2")
    assert page.status_code == HTTPStatus.SERVICE_UNAVAILABLE
    said = text_of(page)
    assert "longer than 1e-09 seconds" in said
    assert "?as_of=" in said
    assert 'type="range"' in page.get_data(as_text=True)


def test_the_limit_of_the_settings_holds_for_pages_too(flashlog: Flashlog) -> None:
    limit = flashlog.settings.past_seconds_max
    assert Patience(flashlog.settings).left_seconds > limit - 1
    lower = Patience(flashlog.settings, seconds_max=limit / 2)
    assert lower.left_seconds <= limit / 2


def test_the_past_of_others_is_not_found(flashlog: Flashlog) -> None:
    members = Members(flashlog, 1, organization_id=DEFAULT_ORGANIZATION_ID)
    device_id: UUID = members.device_ids[0]
    people = People(flashlog, None)  # type: ignore[arg-type]
    other = an_organization(flashlog, "other")
    stranger = Browser(
        flashlog, people.user(other, is_admin=True, is_staff=True, groups=(1, 2))
    )
    for path in (f"/devices/{device_id}/", f"/mass-upgrades/{members.id}/"):
        assert stranger.get(f"{path}?at=1").status_code == HTTPStatus.NOT_FOUND


def _count(browser: Browser, path: str) -> int:
    """Return how many events the slider of a page has."""
    page = browser.get(path).get_data(as_text=True)
    found = re.search(r'type="range"[^>]* max="(\d+)"', page)
    assert found is not None
    return int(found[1])


def _at(browser: Browser, path: str, number: int) -> str:
    page = browser.get(f"{path}?at={number}")
    assert page.status_code == HTTPStatus.OK
    return text_of(page)
