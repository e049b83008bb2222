"""Who lives in the town, what firmware there is, and where the routers hang."""

from typing import Any
from uuid import UUID, uuid4

import msgspec

from application.commands.devices import NewCredentials, add_credentials
from domain.catalogue import (
    Build,
    BuildCreated,
    Category,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
    ManifestAttached,
)
from domain.device.device import Device
from domain.device.words import Connection, Learned, PinnedKey
from domain.device_group import DeviceGroup, GroupDescription
from domain.location import Location, Place
from domain.organization import Organization
from tests.console.showroom.house import House
from tests.domain import examples

# As bad as names get: no place to break, and marks that turn the writing around.
UNBROKEN = "mast-of-the-old-waterworks-behind-the-northern-goods-station-017"
TURNED = "roof-\u202egnidaer-sdrawkcab"
ARABIC = "برج الكنيسة القديمة"
MARKUP = "<b>&amp;\"'</b> kiosk"
NEW, OLD = "24.10.0", "23.05.5"
_REVISIONS = {NEW: "r28427-6df0e3d02a", OLD: "r24106-10cc5fcd00"}
_STREETS = (
    "harbour",
    "mill",
    "church",
    "school",
    "bridge",
    "tower",
    "market",
    "quay",
    "library",
    "station",
)


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """A kind of router."""

    board: str
    model: str
    target: str
    compat_version: str = "1.0"

    def file_name(self, version: str) -> str:
        board = self.board.replace(",", "_")
        target = self.target.replace("/", "-")
        return f"openwrt-{version}-{target}-{board}-squashfs-sysupgrade.bin"


ARCHER = Kind(
    board="tplink,archer-c7-v5", model="TP-Link Archer C7 v5", target="ath79/generic"
)
CUDY = Kind(board="cudy,wr3000-v1", model="Cudy WR3000 v1", target="mediatek/filogic")
BELKIN = Kind(
    board="linksys,e8450-ubi",
    model="Linksys E8450 (UBI)",
    target="mediatek/mt7622",
    compat_version="2.0",
)
KINDS = (ARCHER, CUDY, BELKIN)


class Places:
    """Everything that stories are about, told into the log of a house."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.home = self._organization("Freifunk Hafenstadt", "freifunk-hafenstadt")
        self.works = self._organization("Stadtwerke Bad Mühlbach", "stadtwerke")
        self.credentials_id = add_credentials(
            house.flashlog,
            NewCredentials(name="Flash key of the roofs", password="x"),
            organization_id=self.home,
        )
        self.groups = [self._group(name) for name in ("Roofs", "Indoor", "Backbone")]
        self.locations = [self._location(each.capitalize()) for each in _STREETS]
        self._count = 0
        self._stock_firmware()

    def device(
        self,
        name: str = "",
        *,
        kind: Kind = ARCHER,
        runs: str | None = OLD,
        **said: Any,
    ) -> Device:
        """Make a device; it is told of by whoever goes on with it."""
        number = self._count
        self._count += 1
        street = _STREETS[number % len(_STREETS)]
        known: dict[str, Any] = {
            "name": name or f"{street}-{number // len(_STREETS) + 1}",
            "organization_id": self.home,
            "mac_address": f"60:e3:27:{number >> 8:02x}:{number & 255:02x}:01",
            "addresses": (f"10.12.{number >> 8}.{number & 255}",),
            "management_ip": f"10.12.{number >> 8}.{number & 255}",
            "model": kind.model,
            "group_id": self.groups[number % 2],
            "location_id": self.locations[number % len(_STREETS)],
            "connections": (
                Connection(connection_id=uuid4(), credentials_id=self.credentials_id),
            ),
        }
        device = examples.device(uuid4(), **(known | said))
        if runs:
            device.pin_host_key(
                PinnedKey(
                    type="ssh-ed25519",
                    base64="AAAAC3Nz",
                    fingerprint="SHA256:k3JgOMe0dQyIYyO0Gr3yV0B4m5TVB9q0C0pNqgW3s4k",
                )
            )
            device.learn(
                Learned(
                    board=kind.board,
                    model=kind.model,
                    release=runs,
                    revision=_REVISIONS[runs],
                )
            )
            if self.home == known["organization_id"]:
                image_id = self.images[runs, kind.board]
                device.assign_firmware(image_id, firmware_id=uuid4())
        return device

    def _stock_firmware(self) -> None:
        self.category = self._category("Access points", "Roofs and rooms alike.")
        self.builds = {each: self._build(self.category, each) for each in (OLD, NEW)}
        self.images = {
            (version, kind.board): self._image(build_id, version, kind)
            for version, build_id in self.builds.items()
            for kind in KINDS
        }
        shared = self._category("Customer routers", organization_id=None)
        self._build(shared, "24.10-rc4")
        self._category("Backbone", "Nothing is built for it yet.")
        turned = self._category(TURNED, f"{TURNED} {UNBROKEN}")
        self._build(turned, "\u202e0.01.42")

    def _organization(self, name: str, slug: str) -> UUID:
        return self._told(Organization.found(uuid4(), name=name, slug=slug))

    def _group(self, name: str) -> UUID:
        description = GroupDescription(name=name, organization_id=self.home)
        return self._told(DeviceGroup.create(uuid4(), description))

    def _location(self, name: str) -> UUID:
        place = Place(name=name, organization_id=self.home)
        return self._told(Location.create(uuid4(), place))

    def _category(self, name: str, description: str = "", **of: UUID | None) -> UUID:
        said: dict[str, Any] = {"organization_id": self.home} | of
        created = CategoryCreated(name=name, description=description, **said)
        return self._told(Category.create(uuid4(), created))

    def _build(self, category_id: UUID, version: str) -> UUID:
        created = BuildCreated(
            category_id=category_id,
            version=version,
            os=f"OpenWrt {version} {_REVISIONS.get(version, '')}".strip(),
            changelog="Mesh 802.11s with WPA3.\nbatman-adv 2024.3.\n",
            health_checks=("ubus call network.interface.wan status", "batctl n"),
        )
        build = Build.create(uuid4(), created)
        packages = {"dnsmasq": "2.90-r3", "batctl-full": "2024.3-r1"}
        build.attach(ManifestAttached(target=ARCHER.target, packages=packages))
        return self._told(build)

    def _image(self, build_id: UUID, version: str, kind: Kind) -> UUID:
        name = kind.file_name(version)
        added = ImageAdded(
            build_id=build_id,
            file_name=name,
            type=name.removeprefix(f"openwrt-{version}-"),
            sha256=uuid4().hex * 2,
            size_bytes=examples.IMAGE_BYTES,
            boards=(kind.board,),
            compat_version=kind.compat_version,
            release=version,
            revision=_REVISIONS[version],
            target=kind.target,
            signed=kind is CUDY,
        )
        return self._told(FirmwareImage.add(uuid4(), added))

    def _told(self, made: Any) -> UUID:
        self.house.tell(made)
        found: UUID = made.id
        return found
