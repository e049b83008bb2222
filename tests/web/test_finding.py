"""What clients find things by that people call by a name, or by half an id."""

from uuid import UUID

import pytest

from application.commands.batches import Wish, start_batch
from application.commands.operations import start_upgrade
from application.flashlog import Flashlog
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from domain.operation.operation import UpgradeOperation
from tests.application.stock import ROOT
from tests.web import examples
from tests.web.conftest import API, Caller

DEVICES = "/api/v1/controller/device/"


def ids(admin: Caller, url: str) -> list[str]:
    return [row["id"] for row in admin.get(url).get_json()["results"]]


def test_operations_are_found_by_the_beginning_of_their_id(
    admin: Caller, flashlog: Flashlog
) -> None:
    found, _ = str(examples.operation(flashlog)), examples.operation(flashlog)
    url = f"{API}/upgrade-operation/?id__startswith="
    assert ids(admin, url + found) == [found]
    assert found in ids(admin, url + found[:6].upper())
    assert ids(admin, url + "ffffffff-ffff-ffff-ffff-f") == []
    assert len(ids(admin, url)) == 2
    answer = admin.get(url + "*")
    assert answer.status_code == 400
    assert list(answer.get_json()) == ["id__startswith"]


def test_operations_bear_the_names_of_what_they_are_about(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = examples.operation(flashlog)
    device_id = flashlog.log.get(UpgradeOperation, operation_id).device_id
    name = flashlog.log.get(Device, device_id).name
    for url in (
        f"{API}/upgrade-operation/",
        f"{API}/device/{device_id}/upgrade-operation/",
    ):
        (row,) = admin.get(url).get_json()["results"]
        assert (row["device_name"], row["image_name"]) == (name, "image.bin")
        assert row["version"] == "1.0"
        story = flashlog.log.story(operation_id)
        assert row["position"] == story[0].position


@pytest.fixture
def batch_id(flashlog: Flashlog) -> UUID:
    """Start a mass upgrade of two devices; nobody has taken it up yet."""
    examples.device(flashlog)
    examples.device(flashlog)
    image_id = examples.image(flashlog)
    build_id = flashlog.log.get(FirmwareImage, image_id).build_id
    wish = Wish(upgrade_all=True)
    return start_batch(flashlog, ROOT, build_id=build_id, wish=wish)


def test_batches_are_found_by_the_beginning_of_their_id_and_tell_how_far_they_are(
    admin: Caller, flashlog: Flashlog, batch_id: UUID
) -> None:
    url = f"{API}/batch-upgrade-operation/?id__startswith="
    (row,) = admin.get(f"{url}{str(batch_id)[:7]}").get_json()["results"]
    assert row["id"] == str(batch_id)
    assert row["counts"] == {
        "total": 2,
        "in_progress": 0,
        "success": 0,
        "failed": 0,
        "aborted": 0,
        "cancelled": 0,
        "flashing": 0,
    }
    assert ids(admin, f"{url}{batch_id}0") == []


def test_images_of_all_builds_are_found_by_what_people_call_them(
    admin: Caller, flashlog: Flashlog
) -> None:
    image_id = examples.image(flashlog)
    examples.image(flashlog, category_id=examples.category(flashlog))
    (row,) = flashlog.views.all("image", {"id": str(image_id)})
    url = f"{API}/image/"
    assert len(ids(admin, url)) == 2
    assert ids(admin, f"{url}?id__startswith={image_id}") == [str(image_id)]
    for sha256 in (row["sha256"], row["sha256"][:9].upper()):
        assert ids(admin, f"{url}?sha256__startswith={sha256}") == [str(image_id)]
    assert ids(admin, f"{url}?sha256__startswith={row['sha256'][1:]}") == []
    assert ids(admin, f"{url}?build={row['build_id']}") == [str(image_id)]
    assert len(ids(admin, f"{url}?file_name=image.bin&version=1.0")) == 2
    assert ids(admin, f"{url}?version=2.0") == []
    shown = admin.get(f"{url}?sha256__startswith={row['sha256']}").get_json()[
        "results"
    ][0]
    assert (shown["version"], shown["category"]) == ("1.0", "WiFi")


def test_devices_are_found_by_an_address_of_theirs(
    admin: Caller, flashlog: Flashlog
) -> None:
    device_id = examples.device(flashlog)
    assert ids(admin, f"{DEVICES}?address=127.0.0.1") == [str(device_id)]
    assert ids(admin, f"{DEVICES}?address=127.0.0.") == []
    (row,) = admin.get(DEVICES).get_json()["results"]
    assert row["is_active"]


def test_an_operation_that_is_held_goes_on_when_it_is_resumed(
    admin: Caller, flashlog: Flashlog
) -> None:
    operation_id = start_upgrade(
        flashlog,
        device_id=examples.device(flashlog),
        image_id=examples.image(flashlog),
    )
    url = f"{API}/upgrade-operation/{operation_id}/resume/"
    refused = admin.post(url)
    assert refused.status_code == 409
    operation = flashlog.log.get(UpgradeOperation, operation_id)
    operation.hold("the log was restored")
    flashlog.show(flashlog.log.append(operation))
    answer = admin.post(url)
    assert answer.status_code == 200
    assert answer.get_json()["id"] == str(operation_id)
    assert flashlog.log.get(UpgradeOperation, operation_id).held == ""
