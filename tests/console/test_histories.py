"""The history of one thing in the console, with links to and from it."""

from http import HTTPStatus
from uuid import uuid4

import pytest

from application.commands.device_lifecycle import deactivate_device, delete_device
from application.commands.operations import cancel_operation, start_upgrade
from application.flashlog import Flashlog
from application.queries.histories import history_of
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import Stock
from tests.console.pages import Browser, text_of
from tests.web.firmware import an_organization
from tests.web.people import People
from tests.web.sockets.fleet import Members


class Town:
    """One of everything that has a history, with where its page links to that."""

    def __init__(self, flashlog: Flashlog) -> None:
        stock = Stock(flashlog)
        self.image = stock.image(stock.build(stock.category()))
        self.device = stock.device(self.image, name="attic")
        self.operation = start_upgrade(
            flashlog, device_id=self.device, image_id=self.image
        )
        members = Members(flashlog, 2, organization_id=DEFAULT_ORGANIZATION_ID)
        members.fill(2)
        self.batch = members.id
        self.pages = {
            "operation": f"/operations/{self.operation}/",
            "device": f"/devices/{self.device}/",
            "batch": f"/mass-upgrades/{self.batch}/",
            "image": f"/firmware/images/{self.image}/",
        }

    def history(self, kind: str) -> str:
        return f"{self.pages[kind]}history/"


KINDS = ("operation", "device", "batch", "image")


@pytest.fixture
def town(flashlog: Flashlog) -> Town:
    return Town(flashlog)


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_of_a_thing_leads_to_its_history(
    admin: Browser, town: Town, kind: str
) -> None:
    path = town.history(kind)
    assert f'href="{path}"' in admin.get(town.pages[kind]).get_data(as_text=True)
    page = admin.get(path)
    assert page.status_code == HTTPStatus.OK
    assert f'href="{town.pages[kind]}"' in page.get_data(as_text=True)


def test_events_come_in_order_with_position_time_person_attempt_and_evidence(
    flashlog: Flashlog, admin: Browser, town: Town
) -> None:
    by = People(flashlog, None).user(name="maria", is_superuser=True)  # type: ignore[arg-type]
    cancel_operation(flashlog, operation_id=town.operation, by=by)
    positions = history_of(
        flashlog, [town.operation], until=flashlog.log.end()
    ).positions
    page = admin.get(town.history("operation")).get_data(as_text=True)
    places = [page.index(f'id="event-{each}"') for each in positions]
    assert places == sorted(places)
    last = page[places[-1] :]
    assert f'href="{town.pages["operation"]}?at={len(positions)}"' in last
    assert f'<a href="/users/{by}/history/">maria</a>' in last
    assert "<pre" in last
    newest = admin.get(f"{town.history('operation')}?ordering=-position")
    assert newest.get_data(as_text=True).index(f"event-{positions[-1]}") < places[-1]


def test_each_link_to_a_moment_leads_to_that_moment(
    flashlog: Flashlog, admin: Browser, town: Town
) -> None:
    cancel_operation(flashlog, operation_id=town.operation)
    for kind in ("operation", "device", "batch"):
        page = admin.get(f"{town.pages[kind]}?at=1")
        assert page.status_code == HTTPStatus.OK
        assert "As it was at" in text_of(page)


def test_what_was_deleted_keeps_its_history(
    flashlog: Flashlog, admin: Browser, town: Town
) -> None:
    device_id = Stock(flashlog).device(town.image, name="cellar")
    deactivate_device(flashlog, device_id=device_id)
    delete_device(flashlog, device_id=device_id)
    assert admin.get(f"/devices/{device_id}/").status_code == HTTPStatus.NOT_FOUND
    said = text_of(admin.get(f"/devices/{device_id}/history/"))
    assert "Device cellar" in said
    assert "Deleted" in said


def test_managers_see_histories_of_their_own_and_no_data_of_accounts(
    flashlog: Flashlog, town: Town
) -> None:
    people = People(flashlog, None)  # type: ignore[arg-type]
    manager_id, stranger_id = (
        people.user(each, is_admin=True, is_staff=True, groups=(2,))
        for each in (DEFAULT_ORGANIZATION_ID, an_organization(flashlog, "other"))
    )
    manager, stranger = (Browser(flashlog, each) for each in (manager_id, stranger_id))
    for kind in KINDS:
        assert manager.get(town.history(kind)).status_code == HTTPStatus.OK
        if kind != "image":
            found = stranger.get(town.history(kind)).status_code
            assert found == HTTPStatus.NOT_FOUND
    account = f"/users/{manager_id}/history/"
    assert "<pre" not in manager.get(account).get_data(as_text=True)
    assert stranger.get(account).status_code == HTTPStatus.NOT_FOUND


def test_whoever_may_not_see_the_kind_is_refused(
    flashlog: Flashlog, town: Town
) -> None:
    people = People(flashlog, None)  # type: ignore[arg-type]
    user_id = people.user(DEFAULT_ORGANIZATION_ID, is_admin=True, is_staff=True)
    browser = Browser(flashlog, user_id)
    for kind in KINDS:
        assert browser.get(town.history(kind)).status_code == HTTPStatus.FORBIDDEN
    own = browser.get(f"/users/{user_id}/history/")
    assert own.status_code == HTTPStatus.FORBIDDEN


@pytest.mark.parametrize(
    "section", ["operations", "devices", "mass-upgrades", "firmware/images", "users"]
)
def test_there_is_no_history_of_nothing(admin: Browser, section: str) -> None:
    page = admin.get(f"/{section}/{uuid4()}/history/")
    assert page.status_code == HTTPStatus.NOT_FOUND
