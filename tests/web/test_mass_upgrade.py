"""Mass upgrades over REST: who is upgraded, by whom, and what is refused."""

from threading import Event
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.batches.filling import fill
from application.batches.keeper import keep_up
from application.commands.organizations import found_organization
from application.flashlog import Flashlog
from application.queries.batches import newest
from application.queries.finding_batches import batch_row
from domain.catalogue import Build, ManifestAttached
from domain.device.device import Device
from domain.device.events import FirmwareInstalled
from domain.organization import DEFAULT_ORGANIZATION_ID as OWN
from tests.application.stock import (
    BOARD,
    OTHER_BOARD,
    OTHER_TYPE,
    Stock,
    ids,
    operations_of,
)
from tests.web.conftest import API

# Callers, whose answers are read as JSON of any shape.
Somebody = Any


@pytest.fixture
def stock(flashlog: Flashlog) -> Stock:
    return Stock(flashlog)


class Shop:
    """A category with an old and a new build, and an image of each type."""

    def __init__(self, stock: Stock, organization_id: UUID | None = OWN) -> None:
        self.category_id = stock.category(organization_id)
        self.old = stock.build(self.category_id)
        self.new = stock.build(self.category_id)
        self.old_image = stock.image(self.old)
        self.old_other = stock.image(self.old, OTHER_TYPE, (OTHER_BOARD,))
        self.new_image = stock.image(self.new)
        self.url = f"{API}/build/{self.new}/upgrade/"


@pytest.fixture
def shop(stock: Stock) -> Shop:
    return Shop(stock)


@pytest.fixture
def foreign(flashlog: Flashlog) -> UUID:
    return another(flashlog)


def another(flashlog: Flashlog) -> UUID:
    name = f"org-{uuid4().hex[:6]}"
    return found_organization(flashlog, {"name": name, "slug": name})


def dry(caller: Somebody, shop: Shop, query: str = "") -> dict[str, Any]:
    answer = caller.get(f"{shop.url}{query}")
    assert answer.status_code == 200, answer.json
    assert isinstance(answer.json, dict)
    return answer.json


def start(caller: Somebody, shop: Shop, flashlog: Flashlog, **body: Any) -> UUID:
    answer = caller.post(shop.url, json=body)
    assert answer.status_code == 201, answer.json
    batch_id = UUID(answer.json["batch"])
    fill(flashlog, batch_id, Event())
    flashlog.show(flashlog.log.end())
    return batch_id


def firmware_of(flashlog: Flashlog, device_id: UUID) -> str:
    row = flashlog.views.one("device", str(device_id))
    assert row
    return str(row["firmware_id"])


# --- dry run ------------------------------------------------------------------------


def test_a_dry_run_names_firmware_of_the_category_that_the_build_has_an_image_for(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    first = stock.device(shop.old_image)
    second = stock.device(shop.old_image)
    no_image = stock.device(shop.old_other)
    inactive = stock.device(shop.old_image, is_active=False)
    stranger = stock.device(Shop(stock).old_image)
    bare = stock.device(model=BOARD)
    unknown = stock.device(model="something else")

    shown = dry(admin, shop)

    assert shown["device_firmwares"] == [
        firmware_of(flashlog, second),
        firmware_of(flashlog, first),
    ]
    assert shown["devices"] == [str(bare)]
    reasons = {each["device"]: each["reason"] for each in shown["skipped"]}
    assert reasons == {
        str(no_image): f"the build has no image of its type ({OTHER_TYPE})",
        str(inactive): "the device is deactivated",
        str(unknown): "no image of the build is for its model (something else)",
    }
    assert str(stranger) not in str(shown)


def test_what_runs_the_build_is_skipped_and_what_was_only_assigned_is_not(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    assigned = stock.device(shop.new_image)
    runs = flashlog.log.get(Device, stock.device(shop.new_image))
    runs.install(
        FirmwareInstalled(
            image_id=shop.new_image, operation_id=uuid4(), release="", revision=""
        )
    )
    stock.tell(runs)

    shown = dry(admin, shop)

    assert shown["device_firmwares"] == [firmware_of(flashlog, assigned)]
    assert [each["reason"] for each in shown["skipped"]] == [
        "it runs this build already"
    ]


def test_a_dry_run_warns_of_devices_whose_operation_would_be_aborted(
    admin: Somebody, stock: Stock, shop: Shop
) -> None:
    lost = stock.device(shop.old_image, can_connect=False)
    (warning,) = dry(admin, shop)["warnings"]
    assert warning.pop("name").startswith("thing-")
    reason = "the device has no enabled connection"
    assert warning == {"device": str(lost), "reason": reason}


def test_a_dry_run_warns_of_packages_that_the_same_start_would_not_lose(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    build = flashlog.log.get(Build, shop.new)
    build.attach(ManifestAttached(target="", packages={"luci": "1"}))
    device = stock.new_device(shop.old_image)
    device.note_packages(("luci", "tcpdump"))
    stock.tell(build, device)

    reason = "the image lacks packages that are installed: tcpdump"
    for query in ("", "?expendable_packages=nano", '?upgrade_options={"k":true}'):
        (warning,) = dry(admin, shop, query)["warnings"]
        assert (warning["device"], warning["reason"]) == (str(device.id), reason)
    for query in (
        "?expendable_packages=tcpdump",
        '?expendable_packages=["nano","tcpdump"]',
        '?upgrade_options={"o":true}',
    ):
        assert dry(admin, shop, query)["warnings"] == []
    for field in ("expendable_packages", "upgrade_options"):
        answer = admin.get(f"{shop.url}?{field}=[7,[]]")
        assert (answer.status_code, list(answer.json)) == (400, [field])


def test_group_and_location_narrow_it_down_together(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    group, location = stock.group(), stock.location()
    both = stock.device(shop.old_image, group_id=group, location_id=location)
    grouped = stock.device(shop.old_image, group_id=group)
    stock.device(shop.old_image, location_id=location)
    stock.device(shop.old_image)

    firmware = [firmware_of(flashlog, each) for each in (grouped, both)]
    assert dry(admin, shop, f"?group={group}")["device_firmwares"] == firmware
    query = f"?group={group}&location={location}"
    assert dry(admin, shop, query)["device_firmwares"] == firmware[1:]
    assert len(dry(admin, shop, "?group=&location=")["device_firmwares"]) == 4
    batch_id = start(admin, shop, flashlog, group=str(group), location=str(location))
    assert set(operations_of(flashlog, batch_id)) == {both}


@pytest.mark.parametrize("field", ["group", "location"])
@pytest.mark.parametrize("value", ["nonsense", str(OWN)])
def test_an_unknown_group_or_location_is_a_field_error(
    admin: Somebody, stock: Stock, shop: Shop, field: str, value: str
) -> None:
    stock.device(shop.old_image)
    for answer in (
        admin.get(f"{shop.url}?{field}={value}"),
        admin.post(shop.url, json={field: value}),
    ):
        assert answer.status_code == 400
        assert list(answer.json) == [field]


def test_a_bad_boolean_is_a_field_error(admin: Somebody, shop: Shop) -> None:
    for answer in (
        admin.get(f"{shop.url}?upgrade_all=maybe"),
        admin.post(shop.url, json={"upgrade_all": "maybe"}),
    ):
        assert answer.status_code == 400
        assert answer.json == {"upgrade_all": ["Must be a valid boolean."]}
    assert admin.post(shop.url, json={"upgrade_all": None}).status_code == 400


# --- start --------------------------------------------------------------------------


def test_a_start_answers_with_an_idle_batch_whose_operations_come_later(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    device_id = stock.device(shop.old_image)
    answer = admin.post(shop.url)
    assert answer.status_code == 201
    assert list(answer.json) == ["batch"]
    url = f"{API}/batch-upgrade-operation/{answer.json['batch']}/"
    assert admin.get(url).json["status"] == "idle"

    assert keep_up(flashlog, Event())
    flashlog.show(flashlog.log.end())

    shown = admin.get(url).json
    assert shown["status"] == "in-progress"
    assert shown["progress_report"] == "0 out of 1"
    (operation,) = shown["upgradeoperations"]
    assert (operation["device"], operation["image"]) == (
        str(device_id),
        str(shop.new_image),
    )
    row = flashlog.views.one("device", str(device_id))
    assert row
    assert (row["image_id"], row["installed"]) == (str(shop.new_image), 0)


@pytest.mark.parametrize("word", ["true", "True", "1", "yes", "on", "t"])
def test_a_form_may_say_that_devices_without_firmware_are_upgraded_too(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop, word: str
) -> None:
    bare = stock.device(model=BOARD)
    answer = admin.post(shop.url, data={"upgrade_all": word})
    assert answer.status_code == 201
    batch_id = UUID(answer.json["batch"])
    fill(flashlog, batch_id, Event())
    flashlog.show(flashlog.log.end())
    assert set(operations_of(flashlog, batch_id)) == {bare}
    assert firmware_of(flashlog, bare) != "None"


@pytest.mark.parametrize("word", ["false", "0", ""])
def test_without_upgrade_all_devices_without_firmware_are_not_enough(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop, word: str
) -> None:
    stock.device(model=BOARD)
    answer = admin.post(shop.url, data={"upgrade_all": word})
    assert answer.status_code == 400
    assert answer.json["error"].startswith("No devices found")
    assert flashlog.views.all("batch") == []


def test_a_group_or_location_of_another_organization_is_refused_for_superusers(
    admin: Somebody, stock: Stock, shop: Shop, foreign: UUID
) -> None:
    stock.device(shop.old_image)
    group, location = stock.group(foreign), stock.location(foreign)
    for body in ({"group": str(group)}, {"location": str(location)}):
        answer = admin.post(shop.url, json=body)
        assert answer.status_code == 400
        assert list(answer.json) == ["error"]


def test_options_and_limits_are_kept_with_the_batch(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image)
    batch_id = start(
        admin,
        shop,
        flashlog,
        upgrade_options={"c": True},
        uploads_max=3,
        failures_max=0,
        expendable_packages=["tcpdump"],
    )
    shown = admin.get(f"{API}/batch-upgrade-operation/{batch_id}/").json
    assert shown["upgrade_options"] == {"c": True}
    assert shown["limits"] == {
        "uploads_max": 3,
        "uploads_per_location_max": 2,
        "reboots_max": 20,
        "failures_max": 0,
    }
    assert shown["expendable_packages"] == ["tcpdump"]
    assert shown["upgradeoperations"][0]["upgrade_options"] == {"c": True}


@pytest.mark.parametrize("packages", ["tcpdump", '["tcpdump"]'])
def test_a_form_says_what_may_be_lost_and_how_to_flash(
    admin: Somebody, stock: Stock, shop: Shop, packages: str
) -> None:
    stock.device(shop.old_image)
    form = {"expendable_packages": packages, "upgrade_options": '{"c": true}'}
    answer = admin.post(shop.url, data=form)
    assert answer.status_code == 201, answer.json
    shown = admin.get(f"{API}/batch-upgrade-operation/{answer.json['batch']}/").json
    assert shown["expendable_packages"] == ["tcpdump"]
    assert shown["upgrade_options"] == {"c": True}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"expendable_packages": ["x" * 129]}, "expendable_packages"),
        ({"expendable_packages": ["x"] * 1001}, "expendable_packages"),
        ({"upgrade_options": {"x": True}}, "upgrade_options"),
        ({"upgrade_options": {"n": True, "o": True}}, "upgrade_options"),
        ({"upgrade_options": [1]}, "upgrade_options"),
        ({"uploads_max": 0}, "uploads_max"),
        ({"uploads_max": 1.5}, "uploads_max"),
        ({"reboots_max": "many"}, "reboots_max"),
        ({"failures_max": -1}, "failures_max"),
    ],
)
def test_what_makes_no_sense_is_a_field_error_and_starts_nothing(
    admin: Somebody,
    flashlog: Flashlog,
    stock: Stock,
    shop: Shop,
    body: dict[str, Any],
    field: str,
) -> None:
    stock.device(shop.old_image)
    answer = admin.post(shop.url, json=body)
    assert answer.status_code == 400
    assert list(answer.json) == [field]
    assert flashlog.views.all("batch") == []


def test_a_device_that_cannot_start_is_an_aborted_operation_with_the_reason(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image, can_connect=False)
    batch_id = start(admin, shop, flashlog)
    shown = admin.get(f"{API}/batch-upgrade-operation/{batch_id}/").json
    (operation,) = shown["upgradeoperations"]
    assert operation["status"] == "aborted"
    assert "no enabled connection" in operation["log"]
    assert shown["status"] == "failed"
    assert shown["aborted_rate"] == 100


def test_a_second_batch_aborts_what_the_first_one_still_has(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image)
    first = start(admin, shop, flashlog)
    second = start(admin, shop, flashlog)
    (older,) = operations_of(flashlog, first).values()
    (newer,) = operations_of(flashlog, second).values()
    assert (older["status"], newer["status"]) == ("in-progress", "aborted")


def test_a_start_that_is_sent_twice_with_a_key_is_one_batch(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image)
    key = {"Idempotency-Key": "once"}
    first, second = (admin.post(shop.url, headers=key) for _ in range(2))
    assert first.status_code == second.status_code == 201
    assert first.json == second.json
    assert len(flashlog.views.all("batch")) == 1


# --- list and detail ----------------------------------------------------------------


def test_rates_are_whole_percent_cut_off(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.devices(3, shop.old_image)
    batch_id = start(admin, shop, flashlog)
    operations = list(operations_of(flashlog, batch_id).values())
    for row in operations[:2]:
        url = f"{API}/upgrade-operation/{row['id']}/cancel/"
        assert admin.post(url).status_code == 200
    shown = admin.get(f"{API}/batch-upgrade-operation/{batch_id}/").json
    assert shown["cancelled_rate"] == 66
    assert shown["progress_report"] == "2 out of 3"
    assert shown["status"] == "in-progress"
    assert shown["build"]["category_relation"]["organization"] == str(OWN)


def test_the_detail_says_how_many_operations_there_will_be_before_they_are_made(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.devices(3, shop.old_image)
    batch_id = admin.post(shop.url).json["batch"]
    url = f"{API}/batch-upgrade-operation/{batch_id}/"
    assert admin.get(url).json["progress_report"] == "0 out of 3"
    assert admin.post(f"{url}cancel/").status_code == 200
    assert admin.get(url).json["progress_report"] == "0 out of 0"


def test_a_large_batch_shows_all_of_its_operations_and_the_list_a_page_of_them(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.devices(201, shop.old_image)
    other = Shop(stock)
    stock.device(other.old_image)
    start(admin, other, flashlog)
    batch_id = start(admin, shop, flashlog)

    shown = admin.get(f"{API}/batch-upgrade-operation/{batch_id}/").json
    operations = shown["upgradeoperations"]
    assert shown["progress_report"] == "0 out of 201"
    rows = operations_of(flashlog, batch_id).values()
    assert [each["id"] for each in operations] == [
        row["id"] for row in sorted(rows, key=lambda row: row["position"])
    ]
    url = f"{API}/upgrade-operation/?batch={batch_id}&ordering=created&page_size=2"
    page = admin.get(url).json
    assert page["count"] == 201
    results = [{name: row[name] for name in operations[0]} for row in page["results"]]
    assert results == operations[:2]
    for wrong in ("x", str(uuid4())):
        answer = admin.get(f"{API}/upgrade-operation/?batch={wrong}")
        assert (answer.status_code, list(answer.json)) == (400, ["batch"])


def test_the_list_is_filtered_and_ordered(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    other = Shop(stock)
    for each in (shop, other):
        stock.device(each.old_image)
    first, second = (start(admin, each, flashlog) for each in (shop, other))
    url = f"{API}/batch-upgrade-operation/"

    def found(query: str) -> list[UUID]:
        answer = admin.get(f"{url}{query}")
        assert answer.status_code == 200, answer.json
        return ids(each["id"] for each in answer.json["results"])

    assert found("") == [second, first]
    assert found("?ordering=created") == [first, second]
    assert found(f"?build={shop.new}") == [first]
    assert found("?status=success") == []
    assert found("?organization=default") == [second, first]
    assert found("?organization=nobody") == []
    created = admin.get(f"{url}{first}/").json["created"]
    # As DRF writes it, and not quoted.
    for same in (created, created.replace("Z", "+00:00")):
        assert found(f"?created={same}") == [first]
    for wrong in ("build=x", f"build={uuid4()}", "status=x", "created=x"):
        answer = admin.get(f"{url}?{wrong}")
        assert answer.status_code == 400
        assert list(answer.json) == [wrong.split("=")[0]]
    shown = admin.get(url).json["results"][0]
    assert "upgradeoperations" not in shown
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert admin(method, url).status_code == 405


def test_a_batch_goes_on_to_show_its_build_when_that_is_deleted(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image, can_connect=False)
    batch_id = start(admin, shop, flashlog)
    url = f"{API}/batch-upgrade-operation/"
    before = admin.get(f"{url}{batch_id}/").json
    assert before["status"] == "failed"

    assert admin.delete(f"{API}/category/{shop.category_id}/").status_code == 204
    after = admin.get(f"{url}{batch_id}/").json
    assert after["build"] == before["build"]
    assert admin.get(url).json["results"][0]["build"] == before["build"]
    (listed,) = newest(flashlog, status=None, limit=1)
    for row in (listed, batch_row(flashlog, batch_id)):
        assert row["build_version"] == before["build"]["version"]
        assert row["category_name"] == before["build"]["category_relation"]["name"]


# --- hold, resume, cancel -----------------------------------------------------------


def test_a_batch_is_held_resumed_and_cancelled_once_each(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.devices(3, shop.old_image)
    batch_id = start(admin, shop, flashlog)
    url = f"{API}/batch-upgrade-operation/{batch_id}"

    held = admin.post(f"{url}/hold/", json={"reason": "a look first"})
    assert (held.status_code, held.json["held"]) == (200, "a look first")
    assert admin.post(f"{url}/hold/").status_code == 409
    parked = flashlog.views.rows("SELECT DISTINCT stage FROM due")
    assert parked == [{"stage": "parked"}]
    assert admin.post(f"{url}/resume/").json["held"] == ""
    assert admin.post(f"{url}/resume/").status_code == 409

    assert admin.post(f"{url}/cancel/").status_code == 200
    assert keep_up(flashlog, Event())
    shown = admin.get(f"{url}/").json
    assert shown["status"] == "cancelled"
    assert shown["cancelled_rate"] == 100
    answer = admin.post(f"{url}/cancel/")
    assert answer.status_code == 409
    assert list(answer.json) == ["error"]


def test_a_batch_that_is_cancelled_before_it_is_filled_gets_no_operation(
    admin: Somebody, flashlog: Flashlog, stock: Stock, shop: Shop
) -> None:
    stock.device(shop.old_image)
    batch_id = UUID(admin.post(shop.url).json["batch"])
    url = f"{API}/batch-upgrade-operation/{batch_id}/"
    assert admin.post(f"{url}cancel/").status_code == 200
    assert keep_up(flashlog, Event())
    assert admin.get(url).json["status"] == "cancelled"
    assert operations_of(flashlog, batch_id) == {}


# --- who may ------------------------------------------------------------------------


def test_each_role_may_do_what_it_may(
    flashlog: Flashlog, stock: Stock, shop: Shop, people: Somebody, foreign: UUID
) -> None:
    stock.device(shop.old_image)
    batch_id = start(people.superuser(), shop, flashlog)
    batch = f"{API}/batch-upgrade-operation/{batch_id}/"
    callers = {
        "anonymous": (people.anonymous(), 401, 401, 401, 401),
        "member": (people.member(OWN), 403, 403, 403, 403),
        "nothing": (people.manager_without_permissions(OWN), 403, 403, 403, 403),
        "operator": (people.operator(OWN), 200, 403, 200, 403),
        "other": (people.administrator(foreign), 404, 404, 404, 404),
        "administrator": (people.administrator(OWN), 200, 201, 200, 200),
    }
    for name, (caller, dry_run, begin, detail, hold) in callers.items():
        assert caller.get(shop.url).status_code == dry_run, name
        assert caller.post(shop.url).status_code == begin, name
        assert caller.get(batch).status_code == detail, name
        assert caller.post(f"{batch}hold/").status_code == hold, name
    listed = callers["other"][0].get(f"{API}/batch-upgrade-operation/").json
    assert listed["count"] == 0


def test_of_a_shared_build_managers_are_shown_their_own_devices_alone(
    flashlog: Flashlog, stock: Stock, people: Somebody, foreign: UUID
) -> None:
    shop = Shop(stock, None)
    own = stock.device(shop.old_image)
    bare = stock.device(model=BOARD)
    theirs = [
        stock.device(shop.old_image, organization_id=foreign),
        stock.device(model=BOARD, organization_id=foreign),
        stock.device(shop.old_other, organization_id=foreign),
    ]
    manager, root = people.administrator(OWN), people.superuser()

    shown = dry(manager, shop)
    assert shown["device_firmwares"] == [firmware_of(flashlog, own)]
    assert shown["devices"] == [str(bare)]
    assert shown["skipped"] == []
    assert len(dry(root, shop)["device_firmwares"]) == 2
    assert manager.post(shop.url).status_code == 403

    batch_id = start(root, shop, flashlog, upgrade_all=True)
    url = f"{API}/batch-upgrade-operation/{batch_id}/"
    seen = manager.get(url)
    assert {each["device"] for each in seen.json["upgradeoperations"]} == {
        str(own),
        str(bare),
    }
    assert seen.json["progress_report"] == "0 out of 2"
    assert not [each for each in theirs if str(each) in seen.text]
    assert root.get(url).json["progress_report"] == "0 out of 4"
    for act in ("hold", "resume", "cancel"):
        assert manager.post(f"{url}{act}/").status_code == 403
    foreign_group = stock.group(foreign)
    answer = manager.get(f"{shop.url}?group={foreign_group}")
    assert answer.status_code == 400


def test_operations_of_others_are_not_seen_counted_cancelled_or_retried(
    flashlog: Flashlog, stock: Stock, people: Somebody, foreign: UUID
) -> None:
    shop = Shop(stock, None)
    own = stock.device(shop.old_image)
    other = stock.device(shop.old_image, organization_id=foreign)
    batch_id = start(people.superuser(), shop, flashlog)
    operations = operations_of(flashlog, batch_id)
    for caller in (people.administrator(OWN), people.operator(OWN)):
        listed = caller.get(f"{API}/upgrade-operation/").json
        assert listed["count"] == 1
        assert listed["results"][0]["device"] == str(own)
        url = f"{API}/upgrade-operation/{operations[other]['id']}/"
        assert caller.get(url).status_code == 404
        query = f"?device={other}"
        assert caller.get(f"{API}/upgrade-operation/{query}").status_code in {200, 400}
        query = f"?device__organization={foreign}"
        assert caller.get(f"{API}/upgrade-operation/{query}").status_code == 400
        nested = caller.get(f"{API}/device/{other}/upgrade-operation/")
        assert nested.status_code == 404
    manager = people.administrator(OWN, foreign)
    assert manager.get(f"{API}/upgrade-operation/").json["count"] == 2
    stranger = people.administrator(OWN)
    url = f"{API}/upgrade-operation/{operations[other]['id']}/"
    cancelled = stranger.post(f"{url}cancel/")
    assert cancelled.status_code == 404
    assert list(cancelled.json) == ["error"]
    assert stranger.post(f"{url}retry/").status_code == 404
    assert people.operator(OWN).post(f"{url}cancel/").status_code == 403
