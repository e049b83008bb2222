"""Pages of devices without a browser: found, added, changed, checked, upgraded."""

import re
from http import HTTPStatus
from typing import Any
from uuid import UUID, uuid4

import pytest
from werkzeug.test import TestResponse

from application.commands.operations import cancel_operation, start_upgrade
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.device.words import Learned
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import BOARD, OTHER_BOARD, OTHER_TYPE, Stock
from tests.console.pages import Browser, text_of
from tests.domain import examples
from tests.web.firmware import an_organization
from tests.web.people import People

_OLD = Learned(board=BOARD, model="Archer C7", release="18.06.9", revision="r8077-a")
_NEW = Learned(board=BOARD, model="Archer C7", release="24.10.0", revision="r28427-b")


@pytest.fixture
def stock(flashlog: Flashlog) -> Stock:
    return Stock(flashlog)


@pytest.fixture
def build_id(stock: Stock) -> UUID:
    return stock.build(stock.category())


def _learn(flashlog: Flashlog, device_id: UUID, learned: Learned) -> None:
    device = flashlog.log.get(Device, device_id)
    device.learn(learned)
    flashlog.show(flashlog.log.append(device))


def _device(flashlog: Flashlog, device_id: UUID) -> Device:
    return flashlog.log.get(Device, device_id)


def _names(page: str, *names: str) -> set[str]:
    return {name for name in names if name in page}


def _somebody(flashlog: Flashlog, user_id: UUID | None) -> Browser:
    assert user_id is not None
    return Browser(flashlog, user_id)


# --- finding ------------------------------------------------------------------


def _sent_again(
    browser: Browser, asked: dict[str, str], more: dict[str, str] | None = None
) -> TestResponse:
    """Ask for a page that asks back, and answer it."""
    shown = browser.get("/devices/several/", query_string=asked)
    return _sent(browser, shown, asked | (more or {}))


def _sent(browser: Browser, shown: TestResponse, form: dict[str, str]) -> TestResponse:
    """Send the form of a page, with the mark of what it has shown."""
    found = re.search(r'name="mark" value="(\w+)"', shown.get_data(as_text=True))
    mark = {"mark": found[1]} if found else {}
    return browser.post("/devices/several/", form | mark)


def test_an_empty_inventory_tells_the_next_step(admin: Browser) -> None:
    said = text_of(admin.get("/devices/"))
    assert "There is no device yet." in said
    assert "Add a device" in said


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, {"attic", "cellar", "tower"}),
        ({"text": "ATT"}, {"attic"}),
        ({"text": "02-00-00-00-00-0A"}, {"attic"}),
        ({"text": "10.9."}, {"cellar"}),
        ({"text": "%"}, set()),
        ({"state": "deactivated"}, {"tower"}),
        ({"state": "active"}, {"attic", "cellar"}),
        ({"state": "upgrading"}, {"cellar"}),
        ({"state": "unreachable"}, set()),
        ({"state": "owes"}, set()),
        ({"state": "nonsense"}, set()),
        ({"model": "Archer C7"}, {"attic"}),
        ({"release": "18.06.9"}, {"attic"}),
        ({"release": "18.06.9", "state": "deactivated"}, set()),
        ({"group": "nonsense"}, set()),
        ({"order": "newest"}, {"attic", "cellar", "tower"}),
        ({"order": "model"}, {"attic", "cellar", "tower"}),
        ({"order": "release"}, {"attic", "cellar", "tower"}),
    ],
)
def test_devices_are_searched_and_filtered(
    flashlog: Flashlog,
    admin: Browser,
    stock: Stock,
    build_id: UUID,
    asked: dict[str, str],
    found: set[str],
) -> None:
    attic = stock.device(name="attic", mac_address="02:00:00:00:00:0a")
    _learn(flashlog, attic, _OLD)
    cellar = stock.device(name="cellar", addresses=("10.9.0.1",))
    image_id = stock.image(build_id)
    start_upgrade(flashlog, device_id=cellar, image_id=image_id)
    stock.device(name="tower", is_active=False)
    page = admin.get("/devices/", query_string=asked)
    assert page.status_code == HTTPStatus.OK
    assert _names(text_of(page), "attic", "cellar", "tower") == found


def test_devices_are_found_by_group_and_location(admin: Browser, stock: Stock) -> None:
    group_id, location_id = stock.group(), stock.location()
    stock.device(name="attic", group_id=group_id)
    stock.device(name="cellar", location_id=location_id)
    for asked, name in (
        (f"group={group_id}", "attic"),
        (f"location={location_id}", "cellar"),
    ):
        said = text_of(admin.get(f"/devices/?{asked}"))
        assert _names(said, "attic", "cellar") == {name}


def test_a_device_is_found_by_its_whole_key(admin: Browser) -> None:
    key = "k" * 32
    form = _form(name="attic") | {"key": key}
    answer = admin.client.post(
        "/api/v1/controller/device/",
        json={
            "name": "attic",
            "mac_address": form["mac_address"],
            "organization": str(DEFAULT_ORGANIZATION_ID),
            "key": key,
        },
        headers={"X-CSRFToken": "shown-by-forms"},
    )
    assert answer.status_code == HTTPStatus.CREATED
    assert "attic" in text_of(admin.get(f"/devices/?text={key}"))
    assert "attic" not in text_of(admin.get(f"/devices/?text={key[:-1]}"))


def test_a_page_beyond_the_last_is_none(admin: Browser, stock: Stock) -> None:
    stock.devices(51, None)
    assert "51 to 51 of 51" in text_of(admin.get("/devices/?page=2"))
    # Rows may have gone since a page was linked to: the last one is shown.
    assert "51 to 51 of 51" in text_of(admin.get("/devices/?page=3"))


# --- many at once -------------------------------------------------------------


def test_chosen_devices_are_asked_about_and_taken_out_of_service(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    one, two, three = (stock.device(name=name) for name in ("one", "two", "three"))
    path = f"/devices/several/?action=deactivate&device={one}&device={two}&device=x"
    asked = text_of(admin.get(path))
    assert "Take 2 devices out of service?" in asked
    assert "one" in asked
    answer = admin.post(
        "/devices/several/", {"action": "deactivate", "device": [str(one), str(two)]}
    )
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert [_device(flashlog, each).is_active for each in (one, two, three)] == [
        False,
        False,
        True,
    ]
    assert "Taken out of service: 2." in text_of(admin.get("/devices/"))


def test_all_that_match_are_meant_where_that_is_said(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    chosen = [stock.device(name=f"roof-{number}") for number in range(3)]
    other = stock.device(name="cellar")
    group_id = stock.group()
    asked = {"action": "group", "all": "1", "text": "roof"}
    assert "Move 3 devices" in text_of(
        admin.get("/devices/several/", query_string=asked)
    )
    answer = _sent_again(admin, asked, {"target": str(group_id)})
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert {_device(flashlog, each).group_id for each in chosen} == {group_id}
    assert _device(flashlog, other).group_id is None


@pytest.mark.parametrize("action", ["deactivate", "check"])
def test_where_others_match_than_were_shown_it_is_asked_again(
    flashlog: Flashlog, admin: Browser, stock: Stock, action: str
) -> None:
    stock.device(name="roof-1")
    asked = {"action": action, "all": "1", "text": "roof"}
    shown = admin.get("/devices/several/", query_string=asked)
    joined = stock.device(name="roof-2")
    answer = _sent(admin, shown, asked)
    assert answer.status_code == HTTPStatus.CONFLICT
    said = text_of(answer)
    assert "Others match by now than were shown" in said
    assert "2 devices" in said
    assert "roof-2" in said
    assert _device(flashlog, joined).is_active
    # What is shown now may be confirmed.
    assert _sent(admin, answer, asked).status_code == HTTPStatus.SEE_OTHER


@pytest.mark.parametrize("action", ["", "explode", "check"])
def test_where_nothing_is_chosen_nothing_is_done(admin: Browser, action: str) -> None:
    answer = admin.get(f"/devices/several/?action={action}")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert "Nothing was done" in text_of(admin.get("/devices/"))


@pytest.mark.parametrize(
    "asked",
    [
        {"action": "deactivate", "state": "no such state"},
        {"action": "deactivate", "group": "no id"},
        {"action": "group", "target": "no id"},
    ],
)
def test_what_makes_no_sense_is_not_taken_for_everything_or_none(
    flashlog: Flashlog, admin: Browser, stock: Stock, asked: dict[str, str]
) -> None:
    device_id = stock.device(group_id=stock.group())
    before = flashlog.log.end()
    _sent_again(admin, {"all": "1", **asked})
    assert flashlog.log.end() == before
    assert _device(flashlog, device_id).is_active


def test_log_ins_are_shown_to_those_who_may_see_them(
    flashlog: Flashlog, people: People, stock: Stock
) -> None:
    organization_id = an_organization(flashlog, "elsewhere")
    device_id = stock.device(organization_id=organization_id)
    made = people.user(
        organization_id, is_admin=True, is_staff=True, permissions=("view_device",)
    )
    page = text_of(_somebody(flashlog, made).get(f"/devices/{device_id}/"))
    assert "Credentials" not in page


def test_devices_and_groups_of_others_are_left_alone(
    flashlog: Flashlog, people: People, stock: Stock
) -> None:
    elsewhere = an_organization(flashlog, "elsewhere")
    own = stock.device(name="own", organization_id=elsewhere)
    foreign = stock.device(name="foreign")
    browser = _somebody(flashlog, people.administrator(elsewhere).user_id)
    _sent_again(browser, {"action": "deactivate", "all": "1"})
    both = {"action": "deactivate", "device": [str(own), str(foreign)]}
    browser.post("/devices/several/", both)
    assert not _device(flashlog, own).is_active
    assert _device(flashlog, foreign).is_active
    move = {"action": "group", "all": "1", "target": str(stock.group())}
    answer = _sent_again(browser, move)
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert _device(flashlog, own).group_id is None


# --- adding and changing ------------------------------------------------------


def _form(**said: Any) -> dict[str, Any]:
    return {
        "name": "attic",
        "organization": str(DEFAULT_ORGANIZATION_ID),
        "mac_address": "02-00-00-00-00-0A",
        "address": "10.0.0.7, attic.mesh",
        "model": "Archer C7",
    } | said


def test_a_device_is_added_with_a_new_log_in(
    flashlog: Flashlog, admin: Browser
) -> None:
    group = {"username": "root", "password": "correct horse", "port": "2222"}
    answer = admin.post("/devices/add/", _form(**group))
    assert answer.status_code == HTTPStatus.SEE_OTHER
    page = admin.get(answer.headers["Location"])
    said = text_of(page)
    assert "attic is in the inventory." in said
    assert "root, port 2222, password" in said
    assert "correct horse" not in page.get_data(as_text=True)
    (row,) = flashlog.views.all("device")
    assert row["addresses"] == '["10.0.0.7","attic.mesh"]'


def test_what_is_wrong_stands_beside_its_field_and_nothing_is_lost(
    flashlog: Flashlog, admin: Browser
) -> None:
    answer = admin.post(
        "/devices/add/",
        _form(mac_address="nonsense", address="not/an/address", port="0", password="x"),
    )
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    page = answer.get_data(as_text=True)
    assert 'id="wrong-address"' in page
    assert 'value="attic"' in page
    assert flashlog.views.all("device") == []
    answer = admin.post("/devices/add/", _form(mac_address="nonsense"))
    assert "Enter a MAC address" in text_of(answer)
    answer = admin.post("/devices/add/", _form(organization=""))
    assert "Choose an organization." in text_of(answer)
    answer = admin.post("/devices/add/", _form(group=str(uuid4())))
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_a_name_that_is_taken_is_told(admin: Browser, stock: Stock) -> None:
    stock.device(name="cellar")
    admin.post("/devices/add/", _form())
    answer = admin.post("/devices/add/", _form(mac_address="02:00:00:00:00:0b"))
    assert answer.status_code == HTTPStatus.BAD_REQUEST
    assert "A device of this organization has it already." in text_of(answer)


def test_the_facts_of_a_device_are_changed(flashlog: Flashlog, admin: Browser) -> None:
    path = admin.post("/devices/add/", _form()).headers["Location"]
    known = admin.get(f"{path}edit/").get_data(as_text=True)
    assert 'value="10.0.0.7 attic.mesh"' in known
    answer = admin.post(f"{path}edit/", _form(name="loft", address="10.0.0.8"))
    assert answer.status_code == HTTPStatus.SEE_OTHER
    (row,) = flashlog.views.all("device")
    assert (row["name"], row["addresses"]) == ("loft", '["10.0.0.8"]')
    answer = admin.post(f"{path}edit/", _form(name=""))
    assert answer.status_code == HTTPStatus.BAD_REQUEST


def test_a_device_goes_out_of_service_and_comes_back(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    device_id = stock.device(name="attic")
    path = f"/devices/{device_id}/"
    assert "Take attic out of service?" in text_of(admin.get(f"{path}deactivate/"))
    admin.post(f"{path}deactivate/")
    said = text_of(admin.get(path))
    assert "out of service" in said
    assert not _device(flashlog, device_id).is_active
    assert admin.get(f"{path}edit/").status_code == HTTPStatus.FORBIDDEN
    assert admin.get(f"{path}upgrade/").status_code == HTTPStatus.FORBIDDEN
    admin.post(f"{path}activate/")
    assert _device(flashlog, device_id).is_active


def test_a_host_key_is_released(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    device = stock.new_device(name="attic")
    device.pin_host_key(examples.KEY)
    stock.tell(device)
    path = f"/devices/{device.id}/"
    assert examples.KEY.fingerprint in text_of(admin.get(path))
    assert "replaced or reset" in text_of(admin.get(f"{path}host-key/"))
    admin.post(f"{path}host-key/")
    assert _device(flashlog, device.id).host_key is None
    assert "host key released" in text_of(admin.get(path))


# --- upgrading ----------------------------------------------------------------


def test_of_images_only_those_that_fit_can_be_chosen(
    flashlog: Flashlog, admin: Browser, stock: Stock, build_id: UUID
) -> None:
    image_id = stock.image(build_id)
    other_id = stock.image(build_id, OTHER_TYPE, (OTHER_BOARD,))
    elsewhere = an_organization(flashlog, "elsewhere")
    foreign_id = stock.image(stock.build(stock.category(elsewhere)))
    device_id = stock.device(name="attic")
    path = f"/devices/{device_id}/upgrade/"
    assert "Nothing is known of the device yet" in text_of(admin.get(path))
    _learn(flashlog, device_id, _NEW)
    page = admin.get(path).get_data(as_text=True)
    assert str(image_id) in page
    assert str(other_id) not in page
    assert str(foreign_id) not in page
    for wrong in (other_id, foreign_id, uuid4(), ""):
        answer = admin.post(path, {"image": str(wrong), "keep": "c"})
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "Choose one of the images that fit." in text_of(answer)
    assert flashlog.views.all("operation") == []


def test_a_form_that_is_sent_twice_starts_one_upgrade(
    flashlog: Flashlog, admin: Browser, stock: Stock, build_id: UUID
) -> None:
    image_id = stock.image(build_id)
    device_id = stock.device(model=BOARD)
    sent = {"image": str(image_id), "keep": "o", "u": "1", "form": str(uuid4())}
    first, second = (
        admin.post(f"/devices/{device_id}/upgrade/", sent) for _ in range(2)
    )
    assert first.status_code == second.status_code == HTTPStatus.SEE_OTHER
    assert first.headers["Location"] == second.headers["Location"]
    (row,) = flashlog.views.all("operation")
    assert row["options"] == '{"o":true,"u":true}'
    assert "Cancel" in text_of(admin.get(f"/devices/{device_id}/"))
    # Who goes back and asks for something else is not led to the first one.
    other = admin.post(f"/devices/{device_id}/upgrade/", sent | {"keep": "c"})
    assert other.headers["Location"] != first.headers["Location"]


@pytest.mark.parametrize(
    ("chosen", "reason"),
    [
        ({"keep": "n"}, "n erases the configuration"),
        ({"keep": "c", "F": "1"}, "F flashes the image even if"),
        ({"keep": "c"}, "which is not known to be newer"),
    ],
)
def test_what_is_dangerous_is_confirmed_by_the_name(
    flashlog: Flashlog,
    admin: Browser,
    stock: Stock,
    build_id: UUID,
    chosen: dict[str, str],
    reason: str,
) -> None:
    image_id = stock.image(build_id)
    device_id = stock.device(name="attic")
    _learn(flashlog, device_id, _NEW)
    path = f"/devices/{device_id}/upgrade/"
    sent = {"image": str(image_id), **chosen}
    asked = admin.post(path, sent)
    assert reason in text_of(asked)
    assert 'name="confirmed_name"' in asked.get_data(as_text=True)
    wrong = admin.post(path, sent | {"confirmed_name": "cellar"})
    assert wrong.status_code == HTTPStatus.BAD_REQUEST
    assert "Nothing was started" in text_of(wrong)
    assert reason in text_of(wrong)
    assert flashlog.views.all("operation") == []
    answer = admin.post(path, sent | {"confirmed_name": "attic"})
    assert answer.status_code == HTTPStatus.SEE_OTHER


def test_options_that_the_release_does_not_know_are_greyed(
    flashlog: Flashlog, admin: Browser, stock: Stock, build_id: UUID
) -> None:
    stock.image(build_id)
    device_id = stock.device()
    _learn(flashlog, device_id, _OLD)
    said = text_of(admin.get(f"/devices/{device_id}/upgrade/"))
    assert said.count("Not with 18.06.9: 19.07 and later know it.") == 3


def test_what_is_owed_is_told_on_the_page_of_the_device(
    flashlog: Flashlog, admin: Browser, stock: Stock, build_id: UUID
) -> None:
    image_id = stock.image(build_id)
    device_id = stock.device()
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    operation = examples.uploading(device_id=device_id, image_id=image_id)
    real = flashlog.log.get(type(operation), operation_id)
    real.begin_visit("runner-1")
    real.note(examples.connected(), examples.switch_armed(), examples.upload_begun())
    flashlog.show(flashlog.log.append(real))
    cancel_operation(flashlog, operation_id=operation_id)
    said = text_of(admin.get(f"/devices/{device_id}/"))
    assert "It is still owed: the uploaded file, the dead-man's switch." in said
    assert "owed" in text_of(admin.get("/devices/?state=owes"))
    path = f"/devices/{device_id}/write-off/"
    assert "Write off what" in text_of(admin.get(path))
    admin.post(path)
    assert "GIVEN UP" in text_of(admin.get(f"/devices/{device_id}/"))
    assert admin.post(path).status_code == HTTPStatus.CONFLICT


# --- checking -----------------------------------------------------------------


def test_a_check_of_a_router_that_is_not_there_says_so(
    flashlog: Flashlog, admin: Browser, stock: Stock
) -> None:
    device_id = stock.device(name="attic", can_connect=False)
    answer = admin.post(f"/devices/{device_id}/check/")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    said = text_of(admin.get(answer.headers["Location"]))
    assert "Not ready for an upgrade:" in said
    assert "no log-in is known" in said


def test_many_are_checked_together_and_only_for_who_asked(
    flashlog: Flashlog, admin: Browser, people: People, stock: Stock
) -> None:
    for name in ("one", "two"):
        stock.device(name=name, can_connect=False)
    answer = _sent_again(admin, {"action": "check", "all": "1"})
    path = answer.headers["Location"]
    said = text_of(admin.get(path))
    assert "2 of 2 were visited." in said
    other = Browser(flashlog, people.user(is_superuser=True))
    assert other.get(path).status_code == HTTPStatus.NOT_FOUND


# --- roles --------------------------------------------------------------------

_PAGES = (
    "",
    "edit/",
    "upgrade/",
    "deactivate/",
    "activate/",
    "host-key/",
    "connect/",
    "write-off/",
)


def test_of_foreign_devices_nothing_is_seen(
    flashlog: Flashlog, people: People, stock: Stock
) -> None:
    elsewhere = an_organization(flashlog, "elsewhere")
    device_id = stock.device(name="attic")
    browser = _somebody(flashlog, people.administrator(elsewhere).user_id)
    for page in _PAGES:
        path = f"/devices/{device_id}/{page}"
        assert browser.get(path).status_code == HTTPStatus.NOT_FOUND
        if page:
            assert browser.post(path).status_code == HTTPStatus.NOT_FOUND
    check = browser.post(f"/devices/{device_id}/check/")
    assert check.status_code == HTTPStatus.NOT_FOUND
    assert "attic" not in text_of(browser.get("/devices/"))
    assert _device(flashlog, device_id).version == 1


def test_operators_are_offered_what_they_may_do(
    flashlog: Flashlog, people: People, stock: Stock, build_id: UUID
) -> None:
    image_id = stock.image(build_id)
    device_id = stock.device(image_id, name="attic")
    browser = _somebody(flashlog, people.operator(DEFAULT_ORGANIZATION_ID).user_id)
    page = browser.get(f"/devices/{device_id}/").get_data(as_text=True)
    assert f"/devices/{device_id}/edit/" in page
    assert f"/devices/{device_id}/upgrade/" not in page
    answer = browser.post(f"/devices/{device_id}/upgrade/", {"image": str(image_id)})
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert "New credentials" not in text_of(browser.get("/devices/add/"))


def test_who_has_no_permission_sees_no_device(
    flashlog: Flashlog, people: People
) -> None:
    caller = people.manager_without_permissions(DEFAULT_ORGANIZATION_ID)
    browser = _somebody(flashlog, caller.user_id)
    assert browser.get("/devices/").status_code == HTTPStatus.FORBIDDEN
    assert browser.get("/operations/").status_code == HTTPStatus.FORBIDDEN
