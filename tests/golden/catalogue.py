"""The stories of the catalogue."""

from collections.abc import Iterator
from uuid import UUID

from domain.base import Aggregate
from domain.catalogue import (
    Build,
    BuildChanged,
    BuildCreated,
    Category,
    CategoryChanged,
    CategoryCreated,
    FirmwareImage,
    ImageAdded,
    ManifestAttached,
)
from tests.domain import examples


def _id(number: int) -> UUID:
    return UUID(f"90000000-0000-4000-8000-{number:012d}")


ORGANIZATION, USER = _id(11), _id(21)
CATEGORY, BUILD, IMAGE = _id(14), _id(15), _id(16)
OLD_CATEGORY, OLD_BUILD, OLD_IMAGE = _id(71), _id(72), _id(73)
PACKAGES = {"base-files": "1562-r24106", "dropbear": "2022.82-6"}


def stories() -> Iterator[Aggregate]:
    yield _category()
    yield _build()
    yield _image()
    yield from _deleted()


def _category() -> Category:
    created = CategoryCreated(
        name="OpenWrt", organization_id=None, description="stock", by=USER
    )
    return Category.create(CATEGORY, created)


def _build() -> Build:
    created = BuildCreated(
        category_id=CATEGORY,
        version="23.05.5 r24106-10cc5fcd00",
        os="OpenWrt 23.05",
        changelog="Security fixes.",
        health_checks=("ping -c 1 10.0.0.1",),
        by=USER,
    )
    build = Build.create(BUILD, created)
    build.attach(
        ManifestAttached(target="ath79/generic", packages=PACKAGES, by=USER),
    )
    return build


def _image() -> FirmwareImage:
    added = ImageAdded(
        build_id=BUILD,
        file_name="openwrt-23.05.5-ath79-generic-sysupgrade.bin",
        type="ath79-generic-sysupgrade.bin",
        sha256=examples.SHA256,
        size_bytes=examples.IMAGE_BYTES,
        boards=("tplink,archer-c7-v5",),
        kind="kernel",
        compat_version="1.1",
        compat_message="Ports were renamed: Größe ändern.",
        release="23.05.5",
        revision="r24106-10cc5fcd00",
        target="ath79/generic",
        signed=True,
        label="TP-Link Archer C7 v5",
        models=("TP-Link Archer C7 v5",),
        profile="tplink_archer-c7-v5",
        device_packages=("kmod-usb2", "-ath10k-firmware-qca988x"),
        by=USER,
    )
    return FirmwareImage.add(IMAGE, added)


def _deleted() -> Iterator[Aggregate]:
    """A category that was renamed and moved, then deleted with all that is in it."""
    created = CategoryCreated(name="Gluon", organization_id=None, by=USER)
    category = Category.create(OLD_CATEGORY, created)
    category.change(
        CategoryChanged(
            name="Freifunk",
            organization_id=ORGANIZATION,
            description="community firmware",
            by=USER,
        )
    )
    build = Build.create(
        OLD_BUILD, BuildCreated(category_id=OLD_CATEGORY, version="1", by=USER)
    )
    build.change(
        BuildChanged(
            category_id=OLD_CATEGORY,
            version="1.0",
            os=None,
            changelog="The first one.",
            health_checks=(),
            by=USER,
        )
    )
    image = FirmwareImage.add(
        OLD_IMAGE,
        ImageAdded(
            build_id=OLD_BUILD,
            file_name="gluon-sysupgrade.bin",
            type="gluon-sysupgrade.bin",
            sha256="ef" * 32,
            size_bytes=8192,
            boards=("glinet,gl-ar150",),
            by=USER,
        ),
    )
    for each in (image, build, category):
        each.delete(by=USER)
        yield each
