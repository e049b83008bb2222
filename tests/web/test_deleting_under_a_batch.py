"""What a mass upgrade needs is not deleted under it; afterwards it may be."""

from threading import Event
from typing import Any
from uuid import UUID

import pytest

from application.batches.keeper import keep_up
from application.flashlog import Flashlog
from tests.application.stock import Stock
from tests.web.conftest import API

INVENTORY = "/api/v1/controller"
# Callers, whose answers are read as JSON of any shape.
Somebody = Any


class Shop:
    """One device that a batch brings to the new one of two builds."""

    def __init__(self, flashlog: Flashlog, admin: Somebody) -> None:
        stock = Stock(flashlog)
        self.category = stock.category()
        old, self.build = (stock.build(self.category) for _ in range(2))
        self.image = stock.image(self.build)
        self.device = stock.device(stock.image(old))
        answer = admin.post(f"{API}/build/{self.build}/upgrade/")
        self.batch = UUID(answer.json["batch"])

    def url(self, thing: str) -> str:
        return {
            "category": f"{API}/category/{self.category}/",
            "build": f"{API}/build/{self.build}/",
            "image": f"{API}/build/{self.build}/image/{self.image}/",
            "device": f"{INVENTORY}/device/{self.device}/",
            "device firmware": f"{API}/device/{self.device}/firmware/",
        }[thing]


@pytest.fixture
def shop(flashlog: Flashlog, admin: Somebody) -> Shop:
    return Shop(flashlog, admin)


def keep(flashlog: Flashlog) -> None:
    assert keep_up(flashlog, Event())
    flashlog.show(flashlog.log.end())


def refused(answer: Any) -> bool:
    return answer.status_code == 409 and list(answer.json) == ["detail"]


@pytest.mark.parametrize("thing", ["category", "build", "image"])
def test_what_is_in_the_catalogue_stays_until_the_batch_has_ended(
    admin: Somebody, flashlog: Flashlog, shop: Shop, thing: str
) -> None:
    # No operation has been made yet.
    assert refused(admin.delete(shop.url(thing)))
    keep(flashlog)
    assert refused(admin.delete(shop.url(thing)))
    batch = f"{API}/batch-upgrade-operation/{shop.batch}/"
    assert admin.post(f"{batch}hold/").status_code == 200
    assert refused(admin.delete(shop.url(thing)))
    assert admin.get(shop.url(thing)).status_code == 200

    assert admin.post(f"{batch}cancel/").status_code == 200
    assert refused(admin.delete(shop.url(thing)))
    keep(flashlog)
    assert admin.delete(shop.url(thing)).status_code == 204
    shown = admin.get(batch).json
    assert shown["status"] == "cancelled"
    assert len(shown["upgradeoperations"]) == 1


@pytest.mark.parametrize("thing", ["device", "device firmware"])
def test_a_device_and_its_firmware_stay_until_its_operation_has_ended(
    admin: Somebody, flashlog: Flashlog, shop: Shop, thing: str
) -> None:
    keep(flashlog)
    if thing == "device":
        assert admin.post(f"{shop.url(thing)}deactivate/").status_code == 200
    assert refused(admin.delete(shop.url(thing)))
    batch = f"{API}/batch-upgrade-operation/{shop.batch}/"
    assert admin.post(f"{batch}cancel/").status_code == 200
    keep(flashlog)
    assert admin.delete(shop.url(thing)).status_code == 204


def test_a_device_that_is_deleted_before_its_operation_is_made_is_aborted(
    admin: Somebody, flashlog: Flashlog, shop: Shop
) -> None:
    assert admin.post(f"{shop.url('device')}deactivate/").status_code == 200
    assert admin.delete(shop.url("device")).status_code == 204
    keep(flashlog)
    shown = admin.get(f"{API}/batch-upgrade-operation/{shop.batch}/").json
    (operation,) = shown["upgradeoperations"]
    assert (shown["status"], operation["status"]) == ("failed", "aborted")
    assert "there is no device" in operation["log"]
