"""A stock of builds and devices, told straight into the log: quick for many."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID, uuid4

from application.access import Account
from application.flashlog import Flashlog
from domain.base import Aggregate
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
)
from domain.device.device import Device
from domain.device.words import Connection
from domain.device_group import DeviceGroup, GroupDescription
from domain.location import Location, Place
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.domain import examples

TYPE, BOARD, MODEL = "archer-sysupgrade.bin", "tplink,archer-c7-v5", "Archer C7 v5"
OTHER_TYPE, OTHER_BOARD = "cpe210-sysupgrade.bin", "tplink,cpe210-v1"

ROOT = Account(user_id=uuid4(), is_active=True, is_staff=True, is_superuser=True)


class Stock:
    """What there is to upgrade, and to what."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog
        self._count = 0

    def tell(self, *aggregates: Aggregate) -> None:
        self._flashlog.show(self._flashlog.log.append(*aggregates))

    def category(self, organization_id: UUID | None = DEFAULT_ORGANIZATION_ID) -> UUID:
        created = CategoryCreated(name=self._name(), organization_id=organization_id)
        category = Category.create(uuid4(), created)
        self.tell(category)
        return category.id

    def build(self, category_id: UUID) -> UUID:
        created = BuildCreated(category_id=category_id, version=self._name())
        build = Build.create(uuid4(), created)
        self.tell(build)
        return build.id

    def image(
        self, build_id: UUID, type_: str = TYPE, boards: tuple[str, ...] = (BOARD,)
    ) -> UUID:
        added = ImageAdded(
            build_id=build_id,
            file_name=type_,
            type=type_,
            sha256=uuid4().hex * 2,
            size_bytes=8192,
            boards=boards,
        )
        image = FirmwareImage.add(uuid4(), added)
        self.tell(image)
        return image.id

    def location(self, organization_id: UUID = DEFAULT_ORGANIZATION_ID) -> UUID:
        place = Place(name=self._name(), organization_id=organization_id)
        location = Location.create(uuid4(), place)
        self.tell(location)
        return location.id

    def group(self, organization_id: UUID = DEFAULT_ORGANIZATION_ID) -> UUID:
        description = GroupDescription(
            name=self._name(), organization_id=organization_id
        )
        group = DeviceGroup.create(uuid4(), description)
        self.tell(group)
        return group.id

    def device(self, image_id: UUID | None = None, **changes: Any) -> UUID:
        device = self.new_device(image_id, **changes)
        self.tell(device)
        return device.id

    def devices(self, count: int, image_id: UUID | None, **changes: Any) -> list[UUID]:
        made = [self.new_device(image_id, **changes) for _ in range(count)]
        for start in range(0, count, 100):
            self._flashlog.log.append(*made[start : start + 100])
        self._flashlog.show(self._flashlog.log.end())
        return [device.id for device in made]

    def new_device(
        self,
        image_id: UUID | None = None,
        *,
        can_connect: bool = True,
        is_active: bool = True,
        **changes: Any,
    ) -> Device:
        connections = [Connection(connection_id=uuid4(), credentials_id=uuid4())]
        said = {
            "name": self._name(),
            "connections": tuple(connections) if can_connect else (),
        }
        device = examples.device(uuid4(), **(said | changes))
        if image_id is not None:
            device.assign_firmware(image_id, firmware_id=uuid4())
        if not is_active:
            device.deactivate()
        return device

    def _name(self) -> str:
        self._count += 1
        return f"thing-{self._count}"


def operations_of(flashlog: Flashlog, batch_id: UUID) -> dict[UUID, dict[str, Any]]:
    """The rows of a batch's operations, by device."""
    rows = flashlog.views.all("operation", {"batch_id": str(batch_id)})
    assert len({row["device_id"] for row in rows}) == len(rows)
    return {UUID(row["device_id"]): row for row in rows}


def ids(texts: Iterable[str]) -> list[UUID]:
    return [UUID(text) for text in texts]
