"""The first page: what runs, what needs a person, what the fleet runs."""

from pathlib import Path

from playwright.sync_api import expect

from application.commands.operations import cancel_operation, start_upgrade
from application.flashlog import Flashlog
from domain.device.device import Device
from domain.device.words import Learned
from domain.operation import events
from domain.operation.operation import UpgradeOperation
from tests.console.city import City
from tests.console.pages import Browser, text_of
from tests.console.visitor import Visitor
from tests.web import examples
from tests.web.people import People


def test_an_empty_fleet_is_told_the_next_step(admin: Browser) -> None:
    page = text_of(admin.get("/"))
    assert "There are no devices yet." in page
    assert "flashlog device add" in page


def test_what_runs_is_shown_with_its_phase(admin: Browser, flashlog: Flashlog) -> None:
    examples.operation(flashlog)
    page = text_of(admin.get("/"))
    assert "Running now 1" in page
    assert "queued" in page
    assert "Needs a person 0" in page


def test_what_failed_needs_a_person_until_the_device_is_upgraded_again(
    admin: Browser, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    operation.fail("the router never came back")
    flashlog.show(flashlog.log.append(operation))
    assert "Needs a person 1" in text_of(admin.get("/"))
    device_id = operation.device_id
    image_id = examples.image(flashlog)
    start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    assert "Needs a person 0" in text_of(admin.get("/"))


def test_what_a_router_is_owed_is_named(admin: Browser, flashlog: Flashlog) -> None:
    operation_id = examples.operation(flashlog)
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    operation.record(events.SwitchArmed(lease_seconds=60.0))
    flashlog.show(flashlog.log.append(operation))
    cancel_operation(flashlog, operation_id=operation_id)
    page = text_of(admin.get("/"))
    assert "still owed to the router: the dead-man's switch" in page


def test_nobody_is_shown_what_belongs_to_others(
    flashlog: Flashlog, people: People
) -> None:
    examples.operation(flashlog)
    stranger = people.user(
        examples.organization(flashlog, "far-away"),
        is_admin=True,
        is_staff=True,
        groups=(1, 2),
    )
    page = text_of(Browser(flashlog, stranger).get("/"))
    assert "Running now 0" in page
    assert "There are no devices yet." in page


def test_the_overview_moves_by_itself(
    visitor: Visitor, city: City, pictures: Path
) -> None:
    page = visitor.open("/")
    running = page.get_by_role("region", name="Running now")
    expect(running).to_contain_text("No upgrade is running.")
    batch_id = city.town.start()
    name = page.locator(f"#batch-{batch_id}")
    expect(name).to_contain_text("success", timeout=30_000)
    expect(running).to_contain_text("No upgrade is running.")
    visitor.picture(pictures, "overview")


def test_what_a_visit_has_found_counts_for_more_than_what_was_installed(
    admin: Browser, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    image_id = examples.image(flashlog, revision="r1")
    examples.installed(
        flashlog, start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    )
    assert "WiFi 1.0 1" in text_of(admin.get("/"))
    router = flashlog.log.get(Device, device_id)
    found = Learned(board="b", model="", release="22.03", revision="r0")
    router.learn(found)
    flashlog.show(flashlog.log.append(router))
    assert "22.03 not installed from here 1" in text_of(admin.get("/"))


def test_the_menu_leads_only_to_what_one_may_open(
    flashlog: Flashlog, people: People
) -> None:
    own = examples.organization(flashlog, "own")
    nobody = people.manager_without_permissions(own).user_id
    assert nobody
    page = text_of(Browser(flashlog, nobody).get("/"))
    assert "Overview" in page
    assert "Devices" not in page
    operator = people.operator(own).user_id
    assert operator
    assert "Devices" in text_of(Browser(flashlog, operator).get("/"))
