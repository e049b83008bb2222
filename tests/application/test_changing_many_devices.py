"""The same change to many devices: counted, and only within their organization."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from application.commands.changing_many_devices import (
    activate_devices,
    deactivate_devices,
    group_devices,
    locate_devices,
)
from application.errors import NotFoundError
from application.flashlog import Flashlog
from application.settings import Settings
from domain.device.device import Device
from tests.application.stock import Stock
from tests.web.firmware import an_organization


@pytest.fixture
def flashlog(tmp_path: Path) -> Iterator[Flashlog]:
    made = Flashlog(Settings(data_dir=tmp_path))
    made.projector.catch_up()
    yield made
    made.close()


@pytest.fixture
def stock(flashlog: Flashlog) -> Stock:
    return Stock(flashlog)


def _device(flashlog: Flashlog, device_id: UUID) -> Device:
    return flashlog.log.get(Device, device_id)


def test_only_what_was_changed_is_counted(flashlog: Flashlog, stock: Stock) -> None:
    ids = [stock.device(), stock.device(is_active=False), uuid4()]
    assert deactivate_devices(flashlog, ids) == 1
    assert deactivate_devices(flashlog, ids) == 0
    assert activate_devices(flashlog, ids) == 2
    assert all(_device(flashlog, each).is_active for each in ids[:2])


def test_devices_of_another_organization_stay_where_they_are(
    flashlog: Flashlog, stock: Stock
) -> None:
    elsewhere = an_organization(flashlog, "elsewhere")
    own, foreign = stock.device(), stock.device(organization_id=elsewhere)
    group_id, location_id = stock.group(), stock.location()
    assert group_devices(flashlog, [own, foreign], group_id) == 1
    assert locate_devices(flashlog, [own, foreign], location_id) == 1
    assert _device(flashlog, own).group_id == group_id
    assert _device(flashlog, own).location_id == location_id
    assert _device(flashlog, foreign).group_id is None
    assert group_devices(flashlog, [own, foreign], None) == 1
    assert locate_devices(flashlog, [own, foreign], None) == 1
    assert _device(flashlog, own).group_id is None


def test_what_there_is_not_is_given_to_nobody(flashlog: Flashlog, stock: Stock) -> None:
    device_id = stock.device()
    for move in (group_devices, locate_devices):
        with pytest.raises(NotFoundError):
            move(flashlog, [device_id], uuid4())
