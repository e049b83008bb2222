"""A mass upgrade as a person lives it: dry run, trouble, hold, resume, cancel."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from application.commands.batch_control import hold_batch
from application.commands.users import add_user
from tests.console.city import City, a_city
from tests.console.visitor import PHONE, Visitor
from tests.fleet.cases import CASES, GOOD

_WRONG = {case.name: case for case in CASES}
_MIXED = (
    GOOD,
    GOOD,
    GOOD,
    GOOD,
    _WRONG["too little memory"],
    _WRONG["a refused flash"],
)
_SECONDS = 30


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[City]:
    """Give a service with routers of mixed luck, all at one place."""
    directory = tmp_path_factory.mktemp("mixed")
    with a_city(directory, _MIXED, retries_max=10_000) as made:
        add_user(made.flashlog, username="admin", password="tester", is_superuser=True)
        made.flashlog.show(made.flashlog.log.end())
        yield made


def test_a_mass_upgrade_with_mixed_results(
    chromium: Browser, town: City, pictures: Path
) -> None:
    # Whatever the others have come to by then, two of them wait when it holds itself.
    out_of_reach = town.town.routers[:2]
    for router in out_of_reach:
        router.cut_network()
    with Visitor.of(chromium, town.service.url) as visitor:
        visitor.sign_in("admin", "tester")
        page = visitor.open(f"/firmware/builds/{town.town.build_id}/")
        page.get_by_role("link", name="Mass upgrade", exact=True).click()
        page.get_by_text("How fast, and when it holds itself").click()
        page.get_by_label("Uploads at the same time", exact=False).first.fill("1")
        page.get_by_label("Failures before it holds itself").fill("1")
        visitor.picture(pictures, "mass-upgrade-new")
        page.get_by_role("button", name="Show who it would be").click()
        expect(page.get_by_role("heading", name="Dry run")).to_be_visible()
        visitor.picture(pictures, "mass-upgrade-dry-run")
        page.get_by_role("button", name="Upgrade 6 devices").click()

        statuses = page.get_by_role("navigation", name="By status")
        expect(page.get_by_text("The mass upgrade was started.")).to_be_visible()
        held = page.get_by_text("Held: 1 router failed after the flash.")
        expect(held).to_be_visible(timeout=1000 * _SECONDS)
        expect(statuses).to_contain_text("Failed 1")
        expect(statuses).to_contain_text("Aborted 1", timeout=1000 * _SECONDS)
        failed = page.get_by_role("row").filter(has=page.locator(".status.failed"))
        expect(failed).to_contain_text("sysupgrade refused the image")
        visitor.picture(pictures, "mass-upgrade-held")

        # One that waits stays as it is; then the others go on.
        waiting = page.get_by_role("row").filter(has_text="roof-000")
        waiting.get_by_role("link", name="Cancel").click()
        page.get_by_role("dialog").get_by_role("button", name="Cancel").click()
        visitor.open(_page(town))
        expect(statuses).to_contain_text("Cancelled 1")
        for router in out_of_reach:
            router.restore_network()
        page.get_by_role("link", name="Resume").click()
        page.get_by_role("dialog").get_by_role("button", name="Resume").click()
        expect(held).to_be_hidden()
        expect(statuses).to_contain_text("In progress 0", timeout=1000 * _SECONDS)
        for words in ("Failed 1", "Aborted 1", "Cancelled 1", "Success 3"):
            expect(statuses).to_contain_text(words)
        expect(page.get_by_role("link", name="Hold")).to_be_hidden()
        statuses.get_by_role("link", name="Failed").click()
        expect(page.get_by_role("row")).to_have_count(2)


def test_what_still_can_be_is_cancelled(
    chromium: Browser, town: City, pictures: Path
) -> None:
    # Before any flash: the routers that are left take longer than this to be reached.
    batch_id = town.town.start()
    hold_batch(town.flashlog, batch_id=batch_id, reason="a storm is coming")
    with Visitor.of(chromium, town.service.url, size=PHONE, scheme="dark") as visitor:
        visitor.sign_in("admin", "tester")
        page = visitor.open(f"/mass-upgrades/{batch_id}/")
        expect(page.get_by_text("Held: a storm is coming.")).to_be_visible()
        page.get_by_role("link", name="Cancel what still can be").click()
        dialog = page.get_by_role("dialog")
        expect(dialog).to_contain_text("stays as it is")
        dialog.get_by_role("button", name="Cancel what still can be").click()
        statuses = page.get_by_role("navigation", name="By status")
        expect(statuses).to_contain_text("In progress 0", timeout=1000 * _SECONDS)
        expect(statuses).to_contain_text("Success 0")
        expect(page.get_by_role("link", name="Resume")).to_be_hidden()
        visitor.picture(pictures, "mass-upgrade-cancelled-phone")


def _page(town: City) -> str:
    (batch,) = town.flashlog.views.all("batch", {})
    return f"/mass-upgrades/{batch['id']}/"
