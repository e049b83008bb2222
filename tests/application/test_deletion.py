"""Delete from the catalogue: never under an upgrade, and gone where it is shown."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from application.commands.builds import change_build, create_build
from application.commands.categories import change_category, create_category
from application.commands.deletion import (
    delete_build,
    delete_category,
    delete_image,
)
from application.commands.operations import cancel_operation, start_upgrade
from application.commands.organizations import found_organization
from application.commands.running import InUseError
from application.flashlog import Flashlog
from application.image_contents import packages_of_image
from domain.catalogue import Build, FirmwareImage, ManifestAttached
from domain.device.device import Device
from domain.errors import InvalidError, NotFoundError
from tests.application.houses import a_device, all_rows, an_image, opened

Delete = Callable[[Flashlog, UUID], None]


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    with opened(tmp_path / "house") as flashlog:
        yield flashlog


def image(flashlog: Flashlog, image_id: UUID) -> None:
    delete_image(flashlog, image_id)


def build(flashlog: Flashlog, image_id: UUID) -> None:
    delete_build(flashlog, build_of(flashlog, image_id))


def category(flashlog: Flashlog, image_id: UUID) -> None:
    delete_category(flashlog, category_of(flashlog, image_id))


def another_organization(flashlog: Flashlog) -> UUID:
    return found_organization(flashlog, {"name": "other", "slug": "other"})


def build_of(flashlog: Flashlog, image_id: UUID) -> UUID:
    return flashlog.log.get(FirmwareImage, image_id).build_id


def category_of(flashlog: Flashlog, image_id: UUID) -> UUID:
    return flashlog.log.get(Build, build_of(flashlog, image_id)).category_id


def row(flashlog: Flashlog, table: str, row_id: UUID) -> dict[str, Any]:
    found = flashlog.views.one(table, str(row_id))
    assert found
    return found


@pytest.mark.parametrize("delete", [image, build, category])
def test_nothing_is_deleted_under_an_upgrade(
    flashlog: Flashlog, delete: Delete
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    end = flashlog.log.end()

    with pytest.raises(InUseError, match=str(operation_id)):
        delete(flashlog, image_id)

    assert flashlog.log.end() == end
    cancel_operation(flashlog, operation_id=operation_id)
    delete(flashlog, image_id)
    assert flashlog.log.find(FirmwareImage, image_id) is None


def test_operations_and_devices_name_an_image_that_is_gone_no_more(
    flashlog: Flashlog,
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    cancel_operation(flashlog, operation_id=operation_id)
    assert row(flashlog, "device", device_id)["image_id"] == str(image_id)

    delete_image(flashlog, image_id)
    device = flashlog.log.get(Device, device_id)
    device.deactivate()
    flashlog.show(flashlog.log.append(device))

    assert row(flashlog, "operation", operation_id)["image_id"] is None
    shown = row(flashlog, "device", device_id)
    assert (shown["image_id"], shown["firmware_id"], shown["installed"]) == (
        None,
        None,
        0,
    )
    before = all_rows(flashlog.views)
    flashlog.projector.rebuild()
    assert all_rows(flashlog.views) == before


def test_an_upgrade_that_begins_while_its_image_is_deleted_does_not(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    append = flashlog.log.append

    def after_the_deletion(*aggregates: Any, **fences: Any) -> int:
        monkeypatch.setattr(flashlog.log, "append", append)
        delete_image(flashlog, image_id)
        return append(*aggregates, **fences)

    monkeypatch.setattr(flashlog.log, "append", after_the_deletion)
    with pytest.raises(NotFoundError):
        start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    assert flashlog.views.all("operation") == []


def test_a_deletion_in_whose_moment_an_upgrade_begins_is_refused(
    flashlog: Flashlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    append = flashlog.log.append

    def after_the_start(*aggregates: Any, **fences: Any) -> int:
        monkeypatch.setattr(flashlog.log, "append", append)
        start_upgrade(flashlog, device_id=device_id, image_id=image_id)
        return append(*aggregates, **fences)

    monkeypatch.setattr(flashlog.log, "append", after_the_start)
    with pytest.raises(InUseError):
        delete_image(flashlog, image_id)
    assert flashlog.log.find(FirmwareImage, image_id)


def test_a_category_changes_hands_only_when_no_device_of_others_has_its_firmware(
    flashlog: Flashlog,
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    category_id = category_of(flashlog, image_id)
    other = another_organization(flashlog)

    with pytest.raises(InUseError):
        change_category(flashlog, category_id, {"organization_id": other})
    cancel_operation(flashlog, operation_id=operation_id)
    with pytest.raises(InvalidError) as refusal:
        change_category(flashlog, category_id, {"organization_id": other})
    assert set(refusal.value.fields) == {"organization"}
    change_category(flashlog, category_id, {"organization_id": None})
    assert row(flashlog, "category", category_id)["organization_id"] is None


def test_a_build_moves_only_when_no_device_of_others_has_its_firmware(
    flashlog: Flashlog,
) -> None:
    image_id, device_id = an_image(flashlog), a_device(flashlog)
    operation_id = start_upgrade(flashlog, device_id=device_id, image_id=image_id)
    build_id = build_of(flashlog, image_id)
    other = another_organization(flashlog)
    foreign = create_category(flashlog, name="Mesh", organization_id=other)
    shared = create_category(flashlog, name="Mesh")

    with pytest.raises(InUseError):
        change_build(flashlog, build_id, {"category_id": shared})
    cancel_operation(flashlog, operation_id=operation_id)
    with pytest.raises(InvalidError) as refusal:
        change_build(flashlog, build_id, {"category_id": foreign})
    assert set(refusal.value.fields) == {"category"}
    change_build(flashlog, build_id, {"category_id": shared})
    assert row(flashlog, "build", build_id)["category_id"] == str(shared)


def test_a_build_of_a_deleted_category_is_not_made(flashlog: Flashlog) -> None:
    category_id = create_category(flashlog, name="Mesh")
    delete_category(flashlog, category_id)

    with pytest.raises(NotFoundError):
        create_build(flashlog, category_id=category_id, version="1")
    with pytest.raises(NotFoundError):
        delete_category(flashlog, category_id)


def test_nobody_has_said_what_is_in_an_image(flashlog: Flashlog) -> None:
    assert packages_of_image(flashlog.log, an_image(flashlog)) is None


def test_an_image_brings_what_the_manifest_of_its_target_names(
    flashlog: Flashlog,
) -> None:
    image_id = an_image(flashlog)
    build = flashlog.log.get(Build, build_of(flashlog, image_id))
    packages = {"dropbear": "2022.82"}
    build.attach(ManifestAttached(target="ath79/generic", packages=packages))
    flashlog.log.append(build)

    assert packages_of_image(flashlog.log, image_id) == packages
