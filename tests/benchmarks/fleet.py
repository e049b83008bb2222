"""A fleet of 10,000 devices: lists, dry run, and the start of a mass upgrade."""

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from application.commands.devices import NewCredentials, add_credentials
from application.commands.users import add_user, token_of
from application.flashlog import Flashlog
from application.settings import Settings
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
from domain.device.events import Registered
from domain.device.words import Connection
from domain.device_group import DeviceGroup, GroupDescription
from domain.operation.events import Started
from domain.operation.operation import UpgradeOperation
from domain.organization import DEFAULT_ORGANIZATION_ID
from tests.benchmarks.client import Client, milliseconds
from tests.benchmarks.row import Row, at_most, for_comparison
from tests.benchmarks.size import size
from tests.web.serving import serving

DEVICES = size(10_000, quick=1_000)
_GROUPED = size(1_000, quick=100)
_CANCELLED = 21
_MODEL = "TP-Link TL-WDR4300 v1"
_BOARD = "tplink,tl-wdr4300-v1"
_TYPE = "ath79-generic-tplink_tl-wdr4300-v1-squashfs-sysupgrade.bin"
_SAVED_AT_ONCE = 500
_FIRMWARE = "/api/v1/firmware-upgrader"
_LISTS = (
    f"{_FIRMWARE}/upgrade-operation/",
    f"{_FIRMWARE}/batch-upgrade-operation/",
    f"{_FIRMWARE}/build/",
    f"{_FIRMWARE}/category/",
    "/api/v1/controller/device/",
    "/api/v1/controller/group/",
    "/api/v1/controller/location/",
    "/api/v1/controller/credential/",
    "/api/v1/users/user/",
    "/api/v1/users/organization/",
)
_LIST_MS, _DRY_RUN_MS, _START_MS, _CANCEL_MS, _VISIBLE_SECONDS = 8, 250, 50, 10, 1
_VISIBLE_LIMIT_SECONDS = 60


class SavedFleet:
    """Devices that run the first build of a category; there is a second one."""

    def __init__(self, flashlog: Flashlog) -> None:
        self._flashlog = flashlog
        login = NewCredentials(password="nobody answers", name="all")
        self._credentials_id = add_credentials(flashlog, login)
        self.category, self.group = uuid4(), uuid4()
        self.builds = [self._build(version) for version in ("1", "2")]
        flashlog.log.append(
            Category.create(
                self.category,
                CategoryCreated(name="fleet", organization_id=DEFAULT_ORGANIZATION_ID),
            )
        )
        some = GroupDescription(name="some", organization_id=DEFAULT_ORGANIZATION_ID)
        flashlog.log.append(DeviceGroup.create(self.group, some))
        self._save(self._devices())

    @property
    def upgrade_url(self) -> str:
        return f"{_FIRMWARE}/build/{self.builds[1][0]}/upgrade/"

    def _build(self, version: str) -> tuple[UUID, UUID]:
        build = Build.create(
            uuid4(), BuildCreated(category_id=self.category, version=version)
        )
        image = FirmwareImage.add(
            uuid4(),
            ImageAdded(
                build_id=build.id,
                file_name=f"openwrt-{_TYPE}",
                type=_TYPE,
                sha256=uuid4().hex * 2,
                size_bytes=1,
                boards=(_BOARD,),
            ),
        )
        self._flashlog.log.append(build, image)
        return build.id, image.id

    def _devices(self) -> Iterator[Aggregate]:
        """Make devices, and an operation of each that has ended."""
        for number in range(DEVICES):
            octets = f"{number:08x}"
            mac = ":".join(("02", "00", *(octets[at : at + 2] for at in (0, 2, 4, 6))))
            connection = Connection(
                connection_id=uuid4(), credentials_id=self._credentials_id
            )
            device = Device.register(
                uuid4(),
                Registered(
                    name=f"ap-{number}",
                    organization_id=DEFAULT_ORGANIZATION_ID,
                    mac_address=mac.upper(),
                    # Refused at once: nobody listens on the port of SSH there.
                    addresses=(f"127.1.{number >> 8}.{number & 255}",),
                    model=_MODEL,
                    group_id=self.group if number < _GROUPED else None,
                    connections=(connection,),
                ),
            )
            device.assign_firmware(self.builds[0][1], firmware_id=uuid4())
            operation = UpgradeOperation.start(
                uuid4(),
                Started(
                    device_id=device.id,
                    image_id=self.builds[0][1],
                    options={},
                    at=datetime(2026, 1, 1, tzinfo=UTC),
                ),
            )
            operation.abort("made for a measurement")
            yield device
            yield operation

    def _save(self, aggregates: Iterator[Aggregate]) -> None:
        while some := list(islice(aggregates, _SAVED_AT_ONCE)):
            self._flashlog.log.append(*some)


def measure() -> list[Row]:
    """Serve a fleet and ask for all of it, one after the other."""
    with tempfile.TemporaryDirectory(prefix="flashlog-bench-") as name:
        settings = Settings(
            data_dir=Path(name),
            bind="127.0.0.1:0",
            request_rate_limit="off",
            log_level="WARNING",
        )
        flashlog = Flashlog(settings)
        fleet = SavedFleet(flashlog)
        user_id = add_user(
            flashlog, username="bench", password="bench-bench", is_superuser=True
        )
        token = token_of(flashlog, user_id=user_id)
        flashlog.projector.catch_up()
        flashlog.close()
        with serving(settings) as service:
            return _measured(Client(service.url, token), fleet)


def _measured(client: Client, fleet: SavedFleet) -> list[Row]:
    return [*_lists(client), _dry_run(client, fleet), *_mass_upgrades(client, fleet)]


def _lists(client: Client) -> Iterator[Row]:
    for path in _LISTS:
        name = path.rstrip("/").rpartition("/")[2]
        for word, number in (("first", "1"), ("last", "last")):
            took_ms = client.median_ms(f"{path}?page={number}")
            yield at_most(f"{name}, {word} page, p50", took_ms, "ms", _LIST_MS)


def _dry_run(client: Client, fleet: SavedFleet) -> Row:
    found = len(client.ask(fleet.upgrade_url)["device_firmwares"])
    if found != DEVICES:
        msg = f"the dry run finds {found} of {DEVICES} devices"
        raise RuntimeError(msg)
    took_ms = statistics.median(
        milliseconds(lambda: client.ask(fleet.upgrade_url))[0] for _ in range(5)
    )
    return at_most(f"dry run, {DEVICES:,} devices", took_ms, "ms", _DRY_RUN_MS)


def _mass_upgrades(client: Client, fleet: SavedFleet) -> Iterator[Row]:
    some = {"group": str(fleet.group)}
    took_ms, _ = milliseconds(lambda: client.ask(fleet.upgrade_url, "POST", some))
    visible = _seconds_until_visible(client, DEVICES + _GROUPED)
    name = f"mass upgrade of {_GROUPED:,}"
    yield at_most(f"{name}: answer", took_ms, "ms", _START_MS)
    yield at_most(f"{name}: all visible", visible, "s", _VISIBLE_SECONDS)
    yield at_most("cancel of an operation, p50", _cancel_ms(client), "ms", _CANCEL_MS)
    took_ms, _ = milliseconds(lambda: client.ask(fleet.upgrade_url, "POST", {}))
    visible = _seconds_until_visible(client, DEVICES + _GROUPED + DEVICES)
    name = f"mass upgrade of {DEVICES:,}"
    yield for_comparison(f"{name}: answer", took_ms, "ms")
    yield for_comparison(f"{name}: all visible", visible, "s")


def _cancel_ms(client: Client) -> float:
    """Cancel some operations, each once."""
    operations = f"{_FIRMWARE}/upgrade-operation"
    found = client.ask(f"{operations}/?status=in-progress&page_size={_CANCELLED}")[
        "results"
    ]
    assert len(found) == _CANCELLED
    return statistics.median(
        milliseconds(partial(client.ask, _cancel_of(each), "POST", {}))[0]
        for each in found
    )


def _cancel_of(operation: dict[str, Any]) -> str:
    return f"{_FIRMWARE}/upgrade-operation/{operation['id']}/cancel/"


def _seconds_until_visible(client: Client, total: int) -> float:
    """Return when there were so many operations in the list."""
    begun = time.monotonic()
    while time.monotonic() - begun < _VISIBLE_LIMIT_SECONDS:
        page = client.ask(f"{_FIRMWARE}/upgrade-operation/?page_size=1")
        if page["count"] >= total:
            return time.monotonic() - begun
        time.sleep(0.02)
    msg = "the operations of the mass upgrade did not become visible"
    raise RuntimeError(msg)
