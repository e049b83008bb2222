"""Pages of operations without a browser: what is shown, offered, decided, refused."""

import re
from http import HTTPStatus
from uuid import UUID, uuid4

import pytest

from application.commands.operations import cancel_operation, start_upgrade
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.stock import Stock
from tests.console.pages import Browser, text_of
from tests.domain import examples
from tests.web.firmware import an_organization
from tests.web.people import People


@pytest.fixture
def stock(flashlog: Flashlog) -> Stock:
    return Stock(flashlog)


@pytest.fixture
def image_id(stock: Stock) -> UUID:
    return stock.image(stock.build(stock.category()))


@pytest.fixture
def running(flashlog: Flashlog, stock: Stock, image_id: UUID) -> UUID:
    """Give an operation that waits for a runner: there is none."""
    device_id = stock.device(image_id, name="attic")
    return start_upgrade(flashlog, device_id=device_id, image_id=image_id)


def _flashing(flashlog: Flashlog, operation_id: UUID) -> None:
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    operation.begin_visit("runner-1")
    operation.note(
        examples.connected(),
        examples.identity_verified(),
        examples.image_compared(),
        examples.switch_armed(),
        examples.upload_begun(),
        examples.uploaded(),
        examples.image_accepted(),
    )
    examples.begin_flash(operation)
    flashlog.show(flashlog.log.append(operation))


def _status(flashlog: Flashlog, operation_id: UUID) -> str:
    return flashlog.log.get(UpgradeOperation, operation_id).status


def test_the_list_is_narrowed_by_status_and_name(
    flashlog: Flashlog, admin: Browser, stock: Stock, image_id: UUID, running: UUID
) -> None:
    other_id = stock.device(image_id, name="cellar")
    other = start_upgrade(flashlog, device_id=other_id, image_id=image_id)
    cancel_operation(flashlog, operation_id=other)
    assert "attic" in text_of(admin.get("/operations/"))
    assert "cellar" in text_of(admin.get("/operations/"))
    cancelled = text_of(admin.get("/operations/?status=cancelled"))
    assert "cellar" in cancelled
    assert "attic" not in cancelled
    assert "attic" in text_of(admin.get("/operations/?name=ATT"))
    assert "cellar" not in text_of(admin.get(f"/operations/?device={uuid4()}&name=att"))
    assert "No operation is like that." in text_of(
        admin.get("/operations/?status=failed")
    )


def test_an_empty_list_tells_the_next_step(admin: Browser) -> None:
    assert "Nothing was upgraded yet." in text_of(admin.get("/operations/"))


def test_cancel_asks_back_and_is_done_once(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    path = f"/operations/{running}/"
    assert f"{path}cancel/" in admin.get(path).get_data(as_text=True)
    assert "Cancel the upgrade of attic?" in text_of(admin.get(f"{path}cancel/"))
    assert _status(flashlog, running) == "in-progress"
    answer = admin.post(f"{path}cancel/")
    assert answer.status_code == HTTPStatus.SEE_OTHER
    assert _status(flashlog, running) == "cancelled"
    assert "Cancelled: nothing was" in text_of(admin.get(path))
    admin.post(f"{path}cancel/")
    assert "Not cancelled" in text_of(admin.get(path))


def test_a_cancel_after_the_flash_has_begun_is_refused_and_says_why(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    _flashing(flashlog, running)
    path = f"/operations/{running}/"
    page = admin.get(path).get_data(as_text=True)
    assert 'aria-disabled="true"' in page
    assert f"{path}cancel/" not in page
    assert "It is too late" in text_of(admin.get(f"{path}cancel/"))
    assert admin.post(f"{path}cancel/").status_code == HTTPStatus.SEE_OTHER
    assert _status(flashlog, running) == "in-progress"
    assert "reflashing has already started" in text_of(admin.get(path))


def test_a_form_without_its_token_changes_nothing(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    answer = admin.client.post(f"/operations/{running}/cancel/")
    assert answer.status_code == HTTPStatus.FORBIDDEN
    assert _status(flashlog, running) == "in-progress"


def test_an_operation_that_never_came_back_says_what_to_do(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    _flashing(flashlog, running)
    operation = flashlog.log.get(UpgradeOperation, running)
    operation.fail("the router never came back as it should (50 looks): no route")
    operation.give_up_obligations(reason="nobody answers")
    flashlog.show(flashlog.log.append(operation))
    said = text_of(admin.get(f"/operations/{running}/"))
    assert "Check network connectivity" in said
    assert "physical inspection and/or serial console debugging" in said
    assert "given up" in said
    assert "Try again" in said


def test_as_of_an_event_nothing_is_offered(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    _flashing(flashlog, running)
    path = f"/operations/{running}/"
    page = admin.get(f"{path}?at=1")
    assert "As it was at" in text_of(page)
    assert "cancel/" not in page.get_data(as_text=True)
    assert 'value="0"' in page.get_data(as_text=True)
    for wrong in ("0", "99", "x", "-1", "²"):
        answer = admin.get(path, query_string={"at": wrong})
        assert answer.status_code == HTTPStatus.NOT_FOUND


def test_a_retry_names_the_operation_that_it_repeats(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    cancel_operation(flashlog, operation_id=running)
    path = f"/operations/{running}/retry/"
    assert "Try the upgrade of attic again?" in text_of(admin.get(path))
    answer = admin.post(path)
    assert answer.status_code == HTTPStatus.SEE_OTHER
    again = answer.headers["Location"]
    assert "an earlier upgrade" in text_of(admin.get(again))
    assert "Repeated by" in text_of(admin.get(f"/operations/{running}/"))


def test_a_double_click_tries_again_once(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    cancel_operation(flashlog, operation_id=running)
    path = f"/operations/{running}/retry/"
    shown = admin.get(path).get_data(as_text=True)
    (key,) = re.findall(r'name="key" value="([^"]+)"', shown)
    before = flashlog.log.end()
    first = admin.post(path, {"key": key})
    end = flashlog.log.end()
    assert end > before
    second = admin.post(path, {"key": key})
    assert second.status_code == HTTPStatus.SEE_OTHER
    assert second.headers["Location"] == first.headers["Location"]
    assert flashlog.log.end() == end


def test_what_is_still_running_is_not_retried(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    answer = admin.post(f"/operations/{running}/retry/")
    assert answer.status_code == HTTPStatus.CONFLICT
    assert len(flashlog.views.all("operation")) == 1


def test_a_dangerous_retry_is_confirmed_by_the_name_of_the_device(
    flashlog: Flashlog, admin: Browser, stock: Stock, image_id: UUID
) -> None:
    device_id = stock.device(image_id, name="attic")
    operation_id = start_upgrade(
        flashlog, device_id=device_id, image_id=image_id, options={"n": True}
    )
    cancel_operation(flashlog, operation_id=operation_id)
    path = f"/operations/{operation_id}/retry/"
    assert "erases the configuration" in text_of(admin.get(path))
    for typed in ({}, {"confirmed_name": "Attic"}):
        answer = admin.post(path, typed)
        assert answer.status_code == HTTPStatus.BAD_REQUEST
        assert "Nothing was started" in text_of(answer)
    assert len(flashlog.views.all("operation")) == 1
    answer = admin.post(path, {"confirmed_name": " attic "})
    assert answer.status_code == HTTPStatus.SEE_OTHER


def test_a_held_operation_is_resumed(
    flashlog: Flashlog, admin: Browser, running: UUID
) -> None:
    operation = flashlog.log.get(UpgradeOperation, running)
    operation.hold("the log was restored")
    flashlog.show(flashlog.log.append(operation))
    path = f"/operations/{running}/"
    assert "Held for a person : the log was restored" in text_of(admin.get(path))
    assert "the log was restored" in text_of(admin.get(f"{path}resume/"))
    admin.post(f"{path}resume/")
    assert not flashlog.log.get(UpgradeOperation, running).held


@pytest.mark.parametrize("action", ["", "cancel/", "retry/", "resume/"])
def test_of_foreign_operations_nothing_is_seen_or_changed(
    flashlog: Flashlog, people: People, running: UUID, action: str
) -> None:
    elsewhere = an_organization(flashlog, "elsewhere")
    foreigner = Browser(flashlog, people.administrator(elsewhere).user_id or uuid4())
    path = f"/operations/{running}/{action}"
    assert foreigner.get(path).status_code == HTTPStatus.NOT_FOUND
    if action:
        assert foreigner.post(path).status_code == HTTPStatus.NOT_FOUND
    assert _status(flashlog, running) == "in-progress"
    assert "attic" not in text_of(foreigner.get("/operations/"))


def test_operators_look_and_do_not_decide(
    flashlog: Flashlog, people: People, running: UUID
) -> None:
    caller = people.operator(DEFAULT_ORGANIZATION_ID)
    operator = Browser(flashlog, caller.user_id or uuid4())
    path = f"/operations/{running}/"
    page = operator.get(path)
    assert page.status_code == HTTPStatus.OK
    assert "cancel/" not in page.get_data(as_text=True)
    for action in ("cancel/", "retry/", "resume/"):
        assert operator.post(path + action).status_code == HTTPStatus.FORBIDDEN
    assert _status(flashlog, running) == "in-progress"


def test_what_was_deleted_since_is_shown_all_the_same(
    flashlog: Flashlog, admin: Browser, stock: Stock, running: UUID
) -> None:
    cancel_operation(flashlog, operation_id=running)
    device = flashlog.log.get(Device, _device_id(flashlog, running))
    device.deactivate()
    device.delete()
    flashlog.show(flashlog.log.append(device))
    page = admin.get(f"/operations/{running}/")
    assert page.status_code == HTTPStatus.OK
    assert "attic deleted" in text_of(page)
    assert "Try again" not in text_of(page)
    assert "attic deleted" in text_of(admin.get("/operations/"))


def _device_id(flashlog: Flashlog, operation_id: UUID) -> UUID:
    return flashlog.log.get(UpgradeOperation, operation_id).device_id
