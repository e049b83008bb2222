"""What a device runs is noted where inventory and catalogue say the same."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from application.commands.automatic_firmware import note_firmware_of_image
from application.flashlog import Flashlog
from domain.catalogue import Build, BuildCreated, FirmwareImage, ImageAdded
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.web import examples
from tests.web.conftest import Caller
from tests.web.controller.conftest import API, credential_body, device_body, made

OS, MODEL, BOARD = "OpenWrt 23.05", "TP-Link TL-WDR4300 v1", "tplink,tl-wdr4300-v1"
FIRMWARE = "/api/v1/firmware-upgrader/device"
OPERATIONS = "/api/v1/firmware-upgrader/upgrade-operation/"


def an_image(
    flashlog: Flashlog,
    *,
    os: str | None = OS,
    organization_id: UUID | None = DEFAULT_ORGANIZATION_ID,
    **changes: Any,
) -> UUID:
    category_id = examples.category(flashlog, organization_id=organization_id)
    created = BuildCreated(category_id=category_id, version="1.0", os=os)
    build = Build.create(uuid4(), created)
    said: dict[str, Any] = {
        "build_id": build.id,
        "file_name": "image.bin",
        "type": "image.bin",
        "sha256": uuid4().hex * 2,
        "size_bytes": 1,
        "boards": (BOARD,),
        "models": (MODEL,),
    }
    image = FirmwareImage.add(uuid4(), ImageAdded(**(said | changes)))
    flashlog.show(flashlog.log.append(build, image))
    return image.id


def a_device(admin: Caller, **changes: Any) -> dict[str, Any]:
    body = device_body(DEFAULT_ORGANIZATION_ID, os=OS, model=MODEL)
    return made(admin, "/device/", body | changes)


def connect(admin: Caller, device: dict[str, Any]) -> None:
    found = admin.get(f"{API}/credential/").get_json()["results"]
    credential = (
        found[0]
        if found
        else made(admin, "/credential/", credential_body(DEFAULT_ORGANIZATION_ID))
    )
    where = f"/device/{device['id']}/connection/"
    made(admin, where, {"credentials": credential["id"]})


def firmware(admin: Caller, device: dict[str, Any]) -> dict[str, Any] | None:
    answer = admin.get(f"{FIRMWARE}/{device['id']}/firmware/")
    return answer.get_json() if answer.status_code == 200 else None


def test_a_connection_notes_what_the_device_runs(
    admin: Caller, flashlog: Flashlog
) -> None:
    image_id = an_image(flashlog)
    device = a_device(admin)
    assert firmware(admin, device) is None
    connect(admin, device)
    noted = firmware(admin, device)
    assert noted
    assert (noted["image"], noted["installed"]) == (str(image_id), True)
    assert admin.get(OPERATIONS).get_json()["count"] == 0


def test_what_was_noted_needs_no_upgrade(admin: Caller, flashlog: Flashlog) -> None:
    image_id = an_image(flashlog)
    device = a_device(admin)
    connect(admin, device)
    where = f"{FIRMWARE}/{device['id']}/firmware/"
    for method, sent in (("PUT", {"image": str(image_id)}), ("PATCH", {})):
        answer = admin(method, where, json=sent)
        assert answer.status_code == 200
        assert answer.get_json()["upgrade_operation"] is None


@pytest.mark.parametrize(
    ("of_device", "of_image"),
    [
        ({"os": ""}, {"os": ""}),
        ({"os": ""}, {"os": None}),
        ({"os": "another"}, {}),
        ({"model": "another"}, {}),
        ({"model": ""}, {}),
        ({}, {"organization_id": None}),
        ({}, {"models": (), "boards": ("another",)}),
    ],
    ids=["blank", "none", "os", "model", "no model", "shared", "image"],
)
def test_what_does_not_meet_is_not_noted(
    admin: Caller,
    flashlog: Flashlog,
    of_device: dict[str, Any],
    of_image: dict[str, Any],
) -> None:
    an_image(flashlog, **of_image)
    device = a_device(admin, **of_device)
    connect(admin, device)
    assert firmware(admin, device) is None


def test_a_foreign_image_is_not_noted(admin: Caller, flashlog: Flashlog) -> None:
    theirs = examples.organization(flashlog, "theirs")
    image_id = an_image(flashlog, organization_id=theirs)
    device = a_device(admin)
    connect(admin, device)
    note_firmware_of_image(flashlog, image_id)
    assert firmware(admin, device) is None


def test_a_changed_device_is_not_noted_by_the_change(
    admin: Caller, flashlog: Flashlog
) -> None:
    an_image(flashlog)
    device = a_device(admin, os="")
    connect(admin, device)
    admin.patch(f"{API}/device/{device['id']}/", json={"os": OS})
    assert firmware(admin, device) is None


def test_a_new_image_is_noted_on_every_device_that_runs_it(
    admin: Caller, flashlog: Flashlog
) -> None:
    device = a_device(admin)
    connect(admin, device)
    numbers = {"name": "ap-2", "mac_address": "AA:BB:CC:DD:EE:02"}
    without_connection = a_device(admin, **numbers)
    numbers = {"name": "ap-3", "mac_address": "AA:BB:CC:DD:EE:03"}
    another = a_device(admin, **numbers, model="another")
    connect(admin, another)
    image_id = an_image(flashlog, organization_id=None)
    note_firmware_of_image(flashlog, image_id)
    noted = firmware(admin, device)
    assert noted
    assert (noted["image"], noted["installed"]) == (str(image_id), True)
    assert firmware(admin, without_connection) is None
    assert firmware(admin, another) is None
    # Whoever has firmware noted keeps it.
    note_firmware_of_image(flashlog, an_image(flashlog, organization_id=None))
    assert firmware(admin, device) == noted


def test_the_board_that_was_learned_counts(admin: Caller, flashlog: Flashlog) -> None:
    image_id = an_image(flashlog, models=())
    device = a_device(admin, model="")
    examples.seen_on(flashlog, UUID(device["id"]), BOARD)
    connect(admin, device)
    noted = firmware(admin, device)
    assert noted
    assert noted["image"] == str(image_id)
