"""An installation that knows routers and firmware for them; nobody serves it yet."""

from contextlib import suppress
from uuid import UUID, uuid4

from application.commands.devices import (
    NewCredentials,
    NewDevice,
    add_credentials,
    add_device,
)
from application.commands.images import NewImage, add_image
from application.errors import DomainError, StorageError
from application.flashlog import Flashlog
from application.settings import Settings
from application.simulation import Fleet, SimulatedRouter
from domain.catalogue import FirmwareImage
from domain.device.device import Device
from tests.application.stock import Stock
from tests.routers.images import build_image
from tests.web.conftest import token_for
from tests.web.serving import Service

_PER_LOCATION = 6


class Release:
    """A build with its one image; a router's revision says which one it runs."""

    def __init__(self, flashlog: Flashlog, image_id: UUID, revision: str) -> None:
        self.image_id = image_id
        self.build_id = flashlog.log.get(FirmwareImage, image_id).build_id
        self.revision = revision


class Inventory:
    """Routers of a fleet, each a device of an installation; `service` answers for it.

    `releases` are as many as `builds`, each an image of `image_bytes`.
    """

    def __init__(
        self, fleet: Fleet, settings: Settings, *, builds: int, image_bytes: int
    ) -> None:
        self.routers = fleet.routers
        self.settings = settings
        self.flashlog = Flashlog(settings)
        self.releases = [self._release(each, image_bytes) for each in range(builds)]
        stock = Stock(self.flashlog)
        count = max(1, len(self.routers) // _PER_LOCATION)
        self.locations = [stock.location() for _ in range(count)]
        self.router_of: dict[UUID, int] = {}
        self.device_of: dict[int, UUID] = {}
        for number in range(len(self.routers)):
            self.register(number)
        self.token = token_for(self.flashlog, "chaos", is_superuser=True)
        self.flashlog.show(self.flashlog.log.end())
        self.service: Service | None = None

    def register(self, number: int) -> None:
        """Take a router into the inventory, under a new id."""
        router = self.routers[number]
        facts = router.facts()
        assert facts.uuid
        login = NewCredentials(password=router.password, port=router.port)
        device_id = add_device(
            self.flashlog,
            NewDevice(
                name=f"roof-{number:03}-{uuid4().hex[:6]}",
                mac_address=facts.macs[0],
                addresses=(router.host,),
                credentials_ids=(add_credentials(self.flashlog, login),),
                agent_uuid=UUID(facts.uuid),
                location_id=self._location(number),
            ),
        )
        device = self.flashlog.log.get(Device, device_id)
        device.assign_firmware(self.releases[0].image_id, firmware_id=uuid4())
        self.flashlog.log.append(device)
        self.router_of[device_id] = number
        self.device_of[number] = device_id

    def forget(self, number: int) -> None:
        """Register a router again whose device was deleted."""
        with suppress(DomainError, StorageError):
            self.register(number)

    def location_of(self, device_id: UUID) -> UUID:
        return self._location(self.router_of[device_id])

    def router(self, device_id: UUID) -> SimulatedRouter:
        return self.routers[self.router_of[device_id]]

    def _release(self, number: int, image_bytes: int) -> Release:
        facts = self.routers[0].facts()
        revision = f"r{30000 + number}-{number:010x}"
        image = build_image(
            facts.board,
            f"24.10.{number}",
            revision,
            size=image_bytes,
            target=facts.target,
        )
        new = NewImage(file_name="sysupgrade.bin", version=f"24.10.{number}")
        return Release(self.flashlog, add_image(self.flashlog, new, [image]), revision)

    def _location(self, number: int) -> UUID:
        return self.locations[number % len(self.locations)]
