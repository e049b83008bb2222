"""Somebody else comes first, just before the append: what belongs together still fits.

Each test lets one command decide, another one run to its end, and the first one append.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from application.commands.automatic_firmware import note_firmware_of
from application.commands.categories import change_category, create_category
from application.commands.connections import ConnectionFacts, add_connection
from application.commands.credentials import (
    CredentialsFacts,
    NewCredentials,
    add_credentials,
    change_credentials,
    create_credentials,
    delete_credentials,
)
from application.commands.deletion import delete_image
from application.commands.device_changes import change_device
from application.commands.device_groups import (
    GroupDescription,
    change_group,
    create_group,
    delete_group,
)
from application.commands.devices import NewDevice, add_device
from application.commands.firmware import remove_firmware
from application.commands.locations import (
    Place,
    change_location,
    create_location,
    delete_location,
    locate_device,
)
from application.commands.log_in_parameters import read_log_in
from application.commands.operations import (
    cancel_operation,
    retry_operation,
    start_upgrade,
)
from application.commands.organizations import found_organization
from application.errors import DomainError, InvalidError
from application.flashlog import Flashlog
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    FirmwareImage,
    ImageAdded,
)
from domain.credentials import Credentials
from domain.device.device import Device
from domain.device.words import Jump
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.application.houses import a_device, an_image, opened

OWN = DEFAULT_ORGANIZATION_ID
Overtaken = Callable[[Callable[[], object], Callable[[], object]], None]


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path) as flashlog:
        yield flashlog


@pytest.fixture
def overtaken(
    flashlog: Flashlog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Overtaken:
    """Run a command; just before its first append another one runs to its end.

    What either is refused is no matter: only what is in the log at the end.
    """

    def run(slow: Callable[[], object], quick: Callable[[], object]) -> None:
        append = flashlog.log.append

        def last(*saved: Any, **others: Any) -> int:
            monkeypatch.setattr(flashlog.log, "append", append)
            quick()
            return append(*saved, **others)

        monkeypatch.setattr(flashlog.log, "append", last)
        with suppress(DomainError):
            slow()

    return run


@pytest.fixture
def other(flashlog: Flashlog) -> UUID:
    return found_organization(flashlog, {"name": "other", "slug": "other"})


def a_group(flashlog: Flashlog) -> UUID:
    return create_group(flashlog, GroupDescription(name="g", organization_id=OWN))


def a_location(flashlog: Flashlog) -> UUID:
    return create_location(flashlog, Place(organization_id=OWN, name="roof"))


def credentials(flashlog: Flashlog, organization_id: UUID | None = OWN) -> UUID:
    login = NewCredentials(password="secret", name="c")
    return add_credentials(flashlog, login, organization_id=organization_id)


def moved(flashlog: Flashlog, credentials_id: UUID, to: UUID) -> None:
    facts = CredentialsFacts(name="c", organization_id=to)
    change_credentials(flashlog, credentials_id, facts)


def for_every_device(flashlog: Flashlog) -> UUID:
    log_in = read_log_in({"username": "root", "password": "secret"})
    facts = CredentialsFacts(
        name="every", organization_id=OWN, auto_add=True, log_in=log_in
    )
    return create_credentials(flashlog, facts)


def require_sound(flashlog: Flashlog) -> None:
    """Require that everything that devices refer to is there, and is theirs."""
    for row in flashlog.views.all("device"):
        device = flashlog.log.get(Device, UUID(row["id"]))
        logins = [each.credentials_id for each in device.connections]
        logins += [each.credentials_id for each in device.jumps]
        for each in logins:
            owner = flashlog.log.get(Credentials, each).organization_id
            assert owner in {None, device.organization_id}
        for table, place in (
            ("device_group", device.group_id),
            ("location", device.location_id),
        ):
            if place:
                found = flashlog.views.one(table, str(place))
                assert found is not None, table
                assert found["organization_id"] == row["organization_id"], table
        if device.image_id:
            image = flashlog.log.get(FirmwareImage, device.image_id)
            build = flashlog.log.get(Build, image.build_id)
            category = flashlog.log.get(Category, build.category_id)
            assert category.organization_id in {None, device.organization_id}


Filling = Callable[[Flashlog, UUID], object]


def registered_in_group(flashlog: Flashlog, group_id: UUID) -> object:
    return a_device(flashlog, group_id=group_id)


def put_into_group(flashlog: Flashlog, group_id: UUID) -> None:
    device_id = UUID(flashlog.views.all("device")[0]["id"])
    change_device(flashlog, device_id, {"group_id": group_id})


@pytest.mark.parametrize("fill", [registered_in_group, put_into_group])
@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_a_group_that_is_just_filled_keeps_its_devices_or_loses_them(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID, way: str, fill: Filling
) -> None:
    if fill is put_into_group:
        a_device(flashlog)
    group_id = a_group(flashlog)
    acts = {
        "moved": partial(change_group, flashlog, group_id, {"organization_id": other}),
        "deleted": partial(delete_group, flashlog, group_id),
    }
    overtaken(acts[way], partial(fill, flashlog, group_id))
    require_sound(flashlog)
    overtaken(partial(fill, flashlog, group_id), acts[way])
    require_sound(flashlog)


def registered_there(flashlog: Flashlog, location_id: UUID) -> object:
    return a_device(flashlog, location_id=location_id)


def located_there(flashlog: Flashlog, location_id: UUID) -> None:
    device_id = UUID(flashlog.views.all("device")[0]["id"])
    locate_device(flashlog, device_id, location_id)


@pytest.mark.parametrize("fill", [registered_there, located_there])
@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_a_location_that_is_just_filled_keeps_its_devices_or_loses_them(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID, way: str, fill: Filling
) -> None:
    if fill is located_there:
        a_device(flashlog)
    location_id = a_location(flashlog)
    to_other = {"organization_id": other}
    acts = {
        "moved": partial(change_location, flashlog, location_id, to_other),
        "deleted": partial(delete_location, flashlog, location_id),
    }
    overtaken(acts[way], partial(fill, flashlog, location_id))
    require_sound(flashlog)


def connected(flashlog: Flashlog, credentials_id: UUID) -> object:
    device_id = UUID(flashlog.views.all("device")[0]["id"])
    return add_connection(
        flashlog, device_id, ConnectionFacts(credentials_id=credentials_id)
    )


def registered_with(flashlog: Flashlog, credentials_id: UUID) -> object:
    new = NewDevice(
        name="new", mac_address="02:00:00:00:00:01", credentials_ids=(credentials_id,)
    )
    return add_device(flashlog, new)


def registered_behind(flashlog: Flashlog, credentials_id: UUID) -> object:
    jump = Jump(address="jump.example.org", credentials_id=credentials_id)
    new = NewDevice(name="new", mac_address="02:00:00:00:00:01", jumps=(jump,))
    return add_device(flashlog, new)


@pytest.mark.parametrize("use", [connected, registered_with, registered_behind])
@pytest.mark.parametrize("way", ["moved", "deleted"])
def test_credentials_that_are_just_used_stay_where_they_are_or_are_not_used(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID, way: str, use: Filling
) -> None:
    a_device(flashlog, credentials_ids=())
    credentials_id = credentials(flashlog, None)
    acts = {
        "moved": partial(moved, flashlog, credentials_id, other),
        "deleted": partial(delete_credentials, flashlog, credentials_id),
    }
    overtaken(acts[way], partial(use, flashlog, credentials_id))
    require_sound(flashlog)


def test_credentials_that_others_pass_through_are_not_given_away(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID
) -> None:
    credentials_id = credentials(flashlog, None)
    registered_behind(flashlog, credentials_id)

    overtaken(partial(moved, flashlog, credentials_id, other), lambda: None)
    require_sound(flashlog)


def test_a_device_goes_to_an_organization_with_log_ins_that_it_may_use_there(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID
) -> None:
    credentials_id = credentials(flashlog, None)
    device_id = a_device(flashlog, credentials_ids=(credentials_id,))
    go = partial(change_device, flashlog, device_id, {"organization_id": other})
    keep = partial(moved, flashlog, credentials_id, OWN)

    overtaken(go, keep)
    require_sound(flashlog)
    overtaken(keep, go)
    require_sound(flashlog)


def test_a_device_that_is_just_registered_gets_what_every_device_gets(
    flashlog: Flashlog, overtaken: Overtaken
) -> None:
    made: list[UUID] = []
    overtaken(
        partial(a_device, flashlog, credentials_ids=()),
        lambda: made.append(for_every_device(flashlog)),
    )
    (row,) = flashlog.views.all("device")
    device = flashlog.log.get(Device, UUID(row["id"]))
    assert [each.credentials_id for each in device.connections] == made


def test_a_device_that_is_just_registered_gets_no_log_in_that_is_gone(
    flashlog: Flashlog, overtaken: Overtaken
) -> None:
    credentials_id = for_every_device(flashlog)
    overtaken(
        partial(a_device, flashlog, credentials_ids=()),
        partial(delete_credentials, flashlog, credentials_id),
    )
    require_sound(flashlog)


@pytest.mark.parametrize("way", ["moved", "deleted", "device moved"])
def test_every_device_gets_log_ins_only_as_long_as_they_are_for_it(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch, other: UUID, way: str
) -> None:
    device_id = a_device(flashlog, credentials_ids=())
    append = flashlog.log.append

    def last(*saved: Any, **others: Any) -> int:
        if isinstance(saved[0], Device):
            monkeypatch.setattr(flashlog.log, "append", append)
            (row,) = flashlog.views.all("credentials")
            acts[way](UUID(row["id"]))
        return append(*saved, **others)

    acts: dict[str, Callable[[UUID], object]] = {
        "moved": lambda each: moved(flashlog, each, other),
        "deleted": lambda each: delete_credentials(flashlog, each),
        "device moved": lambda _: change_device(
            flashlog, device_id, {"organization_id": other}
        ),
    }
    monkeypatch.setattr(flashlog.log, "append", last)
    with suppress(DomainError):
        for_every_device(flashlog)
    require_sound(flashlog)


def an_image_for(flashlog: Flashlog, organization_id: UUID | None) -> FirmwareImage:
    """Make an image that is for the devices of these tests."""
    category_id = create_category(
        flashlog, name="WiFi", organization_id=organization_id
    )
    created = BuildCreated(category_id=category_id, version="1.0", os="OpenWrt 23.05")
    build = Build.create(uuid4(), created)
    added = ImageAdded(
        build_id=build.id,
        file_name="image.bin",
        type="image.bin",
        sha256=64 * "0",
        size_bytes=1,
        boards=("a-board",),
        models=("a-model",),
    )
    image = FirmwareImage.add(uuid4(), added)
    flashlog.show(flashlog.log.append(build, image))
    return image


def category_of(flashlog: Flashlog, image: FirmwareImage) -> UUID:
    return flashlog.log.get(Build, image.build_id).category_id


def test_no_image_is_given_away_that_is_just_noted(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID
) -> None:
    device_id = a_device(flashlog, os="OpenWrt 23.05", model="a-model")
    note = partial(note_firmware_of, flashlog, device_id)
    image = an_image_for(flashlog, OWN)
    to_other = {"organization_id": other}
    category_id = category_of(flashlog, image)

    overtaken(partial(change_category, flashlog, category_id, to_other), note)
    require_sound(flashlog)
    assert flashlog.log.get(Device, device_id).image_id == image.id


def test_no_image_is_noted_that_is_deleted_meanwhile(
    flashlog: Flashlog, overtaken: Overtaken
) -> None:
    device_id = a_device(flashlog, os="OpenWrt 23.05", model="a-model")
    image = an_image_for(flashlog, OWN)

    overtaken(
        partial(note_firmware_of, flashlog, device_id),
        partial(delete_image, flashlog, image.id),
    )
    assert flashlog.log.get(Device, device_id).image_id is None


def test_a_device_goes_to_an_organization_with_firmware_that_it_may_have_there(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID
) -> None:
    device_id = a_device(flashlog, credentials_ids=())
    image = an_image_for(flashlog, None)
    device = flashlog.log.get(Device, device_id)
    device.assign_firmware(image.id, firmware_id=uuid4(), installed=True)
    flashlog.show(flashlog.log.append(device))
    go = partial(change_device, flashlog, device_id, {"organization_id": other})
    category_id = category_of(flashlog, image)
    own = {"organization_id": OWN}
    keep = partial(change_category, flashlog, category_id, own)

    overtaken(go, keep)
    require_sound(flashlog)
    assert flashlog.log.get(Device, device_id).organization_id == OWN
    change_category(flashlog, category_id, {"organization_id": None})
    overtaken(keep, go)
    require_sound(flashlog)
    assert flashlog.log.get(Device, device_id).organization_id == other


def test_an_upgrade_is_started_only_with_what_the_organization_of_the_device_has(
    flashlog: Flashlog, overtaken: Overtaken, other: UUID
) -> None:
    login = credentials(flashlog, None)
    device_id = a_device(flashlog, credentials_ids=(login,))
    start = partial(
        start_upgrade, flashlog, device_id=device_id, image_id=an_image(flashlog)
    )
    go = partial(change_device, flashlog, device_id, {"organization_id": other})

    overtaken(start, go)
    assert flashlog.log.get(Device, device_id).organization_id == other
    require_sound(flashlog)


def test_a_device_that_has_moved_is_not_upgraded_again_to_what_it_left(
    flashlog: Flashlog, other: UUID
) -> None:
    login = credentials(flashlog, None)
    device_id = a_device(flashlog, credentials_ids=(login,))
    image_id = an_image(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    cancel_operation(flashlog, operation_id=operation_id)
    remove_firmware(flashlog, device_id)
    change_device(flashlog, device_id, {"organization_id": other})

    with pytest.raises(InvalidError, match="another organization"):
        retry_operation(flashlog, operation_id=operation_id)
    require_sound(flashlog)
