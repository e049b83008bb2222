"""Mass upgrades without a browser: choose, dry run, start, look, hold, cancel."""

import re
from datetime import timedelta
from html import unescape
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from application.batches.keeper import keep_up
from application.flashlog import Flashlog
from application.queries.batch_progress import pace
from domain.batch.batch import Batch
from domain.catalogue import Build, ManifestAttached
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from tests.application.stock import BOARD, OTHER_BOARD, ROOT, Stock, operations_of
from tests.console.pages import Browser, text_of
from tests.web.firmware import an_organization
from tests.web.people import People

CHECK = "/mass-upgrades/check/"


class Shop:
    """A category with an old and a new build, each with one image."""

    def __init__(self, flashlog: Flashlog, **of: Any) -> None:
        self.stock = Stock(flashlog)
        category = self.stock.category(**of)
        self.old, self.new = self.stock.build(category), self.stock.build(category)
        self.old_image = self.stock.image(self.old)
        self.new_image = self.stock.image(self.new)
        self.dry_run = f"{CHECK}?build={self.new}"

    def device(self, **said: Any) -> UUID:
        return self.stock.device(self.old_image, **said)


@pytest.fixture
def shop(flashlog: Flashlog) -> Shop:
    return Shop(flashlog)


def form_of(page: TestResponse) -> dict[str, str]:
    """Return the hidden fields of the form that starts it."""
    form = page.text.split('<form method="post" action="/mass-upgrades/check/')[1]
    found = re.findall(r'name="(\w+)" value="([^"]*)"', form.split("</form>")[0])
    return {name: unescape(value) for name, value in found}


def started(browser: Browser, path: str, **said: str) -> UUID:
    answer = browser.post(path, form_of(browser.get(path)) | said)
    assert answer.status_code == 303, text_of(answer)
    return UUID(answer.location.split("/")[-2])


def filled(flashlog: Flashlog) -> None:
    keep_up(flashlog, Event())
    flashlog.show(flashlog.log.end())


def batches(flashlog: Flashlog) -> list[dict[str, Any]]:
    return flashlog.views.all("batch", {})


def test_a_fleet_without_firmware_is_told_the_next_step(admin: Browser) -> None:
    assert "No mass upgrade yet" in text_of(admin.get("/mass-upgrades/"))
    assert "Add a build" in text_of(admin.get("/mass-upgrades/new/"))


def test_the_form_explains_the_limits_with_their_defaults(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    page = admin.get(f"/mass-upgrades/new/?build={shop.new}")
    assert f'<option value="{shop.new}" selected>' in page.text
    settings = flashlog.settings
    for number in (settings.uploads_max, settings.reboots_max, settings.failures_max):
        assert f"Blank: {number}." in text_of(page)


def test_a_dry_run_says_who_is_included_who_is_not_and_why(
    admin: Browser, shop: Shop
) -> None:
    shop.device(name="goes")
    shop.device(name="cannot", can_connect=False)
    shop.device(name="sleeps", is_active=False)
    shop.stock.device(name="bare", model=BOARD)
    shop.stock.device(name="alien", model=OTHER_BOARD)
    page = text_of(admin.get(shop.dry_run))
    assert "2 would be upgraded 1 of these would be aborted, as things are" in page
    assert "Upgrade 2 devices" in page
    assert "1 more device has no firmware record but fits" in page
    assert "goes" in page
    assert "sleeps" not in page

    page = text_of(admin.get(f"{shop.dry_run}&rows=skipped"))
    assert "the device is deactivated 1" in page
    assert "sleeps" in page
    assert f"no image of the build is for its model ({OTHER_BOARD})" in page
    reason = "&reason=the+device+is+deactivated"
    assert "alien" not in text_of(admin.get(f"{shop.dry_run}&rows=skipped{reason}"))
    page = text_of(admin.get(f"{shop.dry_run}&rows=warned"))
    assert "cannot" in page
    assert "the device has no enabled connection" in page
    assert "Upgrade 3 devices" in text_of(admin.get(f"{shop.dry_run}&upgrade_all=on"))


def test_a_dry_run_is_narrowed_by_group_and_location_together(
    admin: Browser, shop: Shop
) -> None:
    group, location = shop.stock.group(), shop.stock.location()
    shop.device(name="both", group_id=group, location_id=location)
    shop.device(name="group alone", group_id=group)
    page = text_of(admin.get(f"{shop.dry_run}&group={group}"))
    assert "Upgrade 2 devices" in page
    page = text_of(admin.get(f"{shop.dry_run}&group={group}&location={location}"))
    assert "Upgrade 1 device " in page
    assert "group alone" not in page


def test_packages_that_would_be_lost_are_told_and_may_be_let_go(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    device = flashlog.log.get(Device, shop.device(name="has-tools"))
    device.note_packages(("base-files", "tcpdump"))
    build = flashlog.log.get(Build, shop.new)
    build.attach(ManifestAttached(target="", packages={"base-files": "1"}))
    flashlog.show(flashlog.log.append(build, device))
    page = text_of(admin.get(shop.dry_run))
    assert "Packages that would be lost" in page
    assert "tcpdump on 1 device" in page
    assert "1 of these would be aborted" in page
    page = text_of(admin.get(f"{shop.dry_run}&packages=nano&expendable=tcpdump"))
    assert "0 of these would be aborted" in page
    assert "May be lost nano, tcpdump" in page


def test_what_was_shown_is_started_once(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    shop.device(name="first")
    path = (
        f"{shop.dry_run}&option=c&uploads_max=3&failures_max=0&packages=tcpdump,+nano"
    )
    form = form_of(admin.get(path))
    answers = [admin.post(path, form) for _ in "12"]
    assert {answer.status_code for answer in answers} == {303}
    assert len({answer.location for answer in answers}) == 1
    (batch,) = batches(flashlog)
    assert (batch["options"], batch["expendable_packages"]) == (
        '{"c":true}',
        '["tcpdump","nano"]',
    )
    limits = ("uploads_max", "failures_max", "reboots_max")
    expected = (3, 0, flashlog.settings.reboots_max)
    assert tuple(batch[name] for name in limits) == expected
    assert "The mass upgrade was started" in text_of(admin.get(answers[0].location))


def test_nothing_is_started_where_others_would_be_upgraded_than_were_shown(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    shop.device(name="first")
    form = form_of(admin.get(shop.dry_run))
    shop.device(name="came-later")
    answer = admin.post(shop.dry_run, form)
    assert answer.status_code == 409
    page = text_of(answer)
    assert "have changed meanwhile" in page
    assert "came-later" in page
    assert not batches(flashlog)
    assert admin.post(shop.dry_run, form_of(answer)).status_code == 303


def test_nobody_to_upgrade_offers_no_start(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    page = text_of(admin.get(shop.dry_run))
    assert "Nobody would be upgraded" in page
    assert "There is nobody to upgrade" in page
    assert admin.post(shop.dry_run).status_code == 409
    assert not batches(flashlog)


def test_dangerous_options_are_confirmed_by_typing_the_version(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    shop.device()
    path = f"{shop.dry_run}&option=n"
    page = admin.get(path)
    assert "n erases the configuration" in text_of(page)
    answer = admin.post(path, form_of(page) | {"confirmed_version": "something"})
    assert answer.status_code == 400
    assert "Nothing was started: type the version exactly" in text_of(answer)
    assert not batches(flashlog)
    (build,) = flashlog.views.all("build", {"id": str(shop.new)})
    started(admin, path, confirmed_version=build["version"])
    assert len(batches(flashlog)) == 1


def test_what_is_wrong_with_the_form_is_said_beside_it_with_what_was_typed(
    admin: Browser, shop: Shop
) -> None:
    path = f"{shop.dry_run}&option=n&option=c&uploads_max=0&packages=keep-me"
    answer = admin.get(path)
    assert answer.status_code == 400
    page = text_of(answer)
    assert "contradict each other" in page
    assert "between 1 and 10000" in page
    assert 'value="keep-me"' in answer.text
    assert admin.get(CHECK).status_code == 400


def test_a_page_of_operations_is_searched_filtered_and_ordered(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    names = ("Zebra", "ape", "bear")
    devices = {name: shop.device(name=name) for name in names}
    batch_id = started(admin, shop.dry_run)
    filled(flashlog)
    rows = operations_of(flashlog, batch_id)
    ape = flashlog.log.get(UpgradeOperation, UUID(rows[devices["ape"]]["id"]))
    ape.abort("the router is another one")
    flashlog.show(flashlog.log.append(ape))

    path = f"/mass-upgrades/{batch_id}/"
    page = text_of(admin.get(path))
    assert "1 of 3 ended, 1 aborted" in page
    assert "All 3 In progress 2 Failed 0 Aborted 1" in page
    # What needs a look comes first.
    assert page.index("the router is another one") < page.index("Cancel Zebra")
    page = text_of(admin.get(f"{path}?ordering=name"))
    assert page.index("on ape") < page.index("on bear") < page.index("on Zebra")
    page = text_of(admin.get(f"{path}?name=EA"))
    assert "on bear" in page
    assert "on ape" not in page
    page = text_of(admin.get(f"{path}?status=aborted"))
    assert "on ape" in page
    assert "on bear" not in page
    assert "No operation is like that" in text_of(admin.get(f"{path}?status=success"))
    assert "In progress 1" in text_of(admin.get("/mass-upgrades/?status=in-progress"))


def test_it_is_held_resumed_and_cancelled_and_says_so(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    shop.device()
    path = f"/mass-upgrades/{started(admin, shop.dry_run)}/"
    filled(flashlog)
    assert "no further flash" in text_of(admin.get(f"{path}hold/")).lower()
    assert admin.post(f"{path}hold/", {"reason": "storm tonight"}).status_code == 303
    page = text_of(admin.get(path))
    assert "Held: storm tonight. No further flash begins." in page
    assert "Held 1" in text_of(admin.get("/mass-upgrades/?status=held"))
    assert "storm tonight" in text_of(admin.get(f"{path}resume/"))
    assert admin.post(f"{path}resume/").status_code == 303
    page = text_of(admin.get(path))
    assert "Held:" not in page
    # Whoever looks at an old page is told that it is so already.
    answer = admin.post(f"{path}resume/")
    assert answer.status_code == 409
    assert "the batch is not held" in text_of(answer)
    assert admin.post(f"{path}cancel/").status_code == 303
    filled(flashlog)
    page = text_of(admin.get(path))
    assert "1 cancelled" in page
    assert "Resume" not in page
    assert admin.post(f"{path}cancel/").status_code == 409


def test_the_pace_is_told_only_where_it_is_known(
    admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    devices = [shop.device() for _ in range(12)]
    batch_id = started(admin, shop.dry_run)
    filled(flashlog)
    rows = operations_of(flashlog, batch_id)
    for device_id in devices[:6]:
        operation = flashlog.log.get(UpgradeOperation, UUID(rows[device_id]["id"]))
        operation.abort("made for this test")
        flashlog.show(flashlog.log.append(operation))
    (batch,) = batches(flashlog)
    now = flashlog.clock.now()

    def told(**after: float) -> Any:
        return pace(flashlog.views, ROOT, batch, left=6, now=now + timedelta(**after))

    assert told(seconds=10) is None
    assert told(minutes=3).minutes_left == 3
    assert told(hours=1).ended == 0
    assert told(hours=1).minutes_left is None


def test_strangers_see_nothing_of_it(
    people: People, flashlog: Flashlog, shop: Shop, admin: Browser
) -> None:
    shop.device()
    path = f"/mass-upgrades/{started(admin, shop.dry_run)}/"
    theirs = an_organization(flashlog, "theirs")
    stranger = Browser(flashlog, _id(people.administrator(theirs)))
    assert stranger.get(path).status_code == 404
    assert stranger.get(shop.dry_run).status_code == 404
    assert stranger.post(f"{path}cancel/").status_code == 404
    assert "No mass upgrade yet" in text_of(stranger.get("/mass-upgrades/"))
    assert str(shop.new) not in stranger.get("/mass-upgrades/new/").text


def test_of_a_shared_batch_one_sees_ones_own_part(
    people: People, flashlog: Flashlog, admin: Browser
) -> None:
    shop = Shop(flashlog, organization_id=None)
    theirs = an_organization(flashlog, "theirs")
    shop.device(name="ours")
    shop.device(name="their-router", organization_id=theirs)
    path = f"/mass-upgrades/{started(admin, shop.dry_run)}/"
    filled(flashlog)
    assert "0 of 2 ended" in text_of(admin.get(path))
    them = Browser(flashlog, _id(people.administrator(theirs)))
    page = text_of(them.get(path))
    assert "0 of 1 ended" in page
    assert "their-router" in page
    assert "ours" not in page
    # What all share is held and cancelled by superusers alone.
    assert "Cancel what still can be" not in page
    assert them.post(f"{path}cancel/").status_code == 403
    assert "You may look, but not start it" in text_of(them.get(shop.dry_run))
    assert them.post(shop.dry_run).status_code == 403
    assert len(batches(flashlog)) == 1


def test_operators_may_look_but_not_decide(
    operator: Browser, admin: Browser, flashlog: Flashlog, shop: Shop
) -> None:
    shop.device(name="seen")
    path = f"/mass-upgrades/{started(admin, shop.dry_run)}/"
    filled(flashlog)
    page = text_of(operator.get(path))
    assert "seen" in page
    for words in ("Hold", "Cancel"):
        assert words not in page.replace("Cancelled", "").replace("Holds itself", "")
    for act in ("hold", "resume", "cancel"):
        assert operator.post(f"{path}{act}/").status_code == 403
    assert "New mass upgrade" not in text_of(operator.get("/mass-upgrades/"))
    assert operator.post(shop.dry_run).status_code == 403
    batch = flashlog.log.get(Batch, UUID(path.split("/")[2]))
    assert not batch.held


def _id(caller: Any) -> UUID:
    assert isinstance(caller.user_id, UUID)
    return caller.user_id
