"""Release directories for tests, as OpenWrt's buildbots leave them."""

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.routers.images import build_image

VERSION, CODE, TARGET = "23.05.5", "r24106-10cc5fcd00", "ath79/generic"
PREFIX = "openwrt-23.05.5-ath79-generic"
C7, ROCKET = "tplink_archer-c7-v5", "acme_rocket-9"
TITLES = {C7: "TP-Link Archer C7 v5", ROCKET: "ACME Rocket 9"}
MANIFEST = "base-files - 1562-r24106-10cc5fcd00\ndropbear - 2022.82-6\nppp - 2.4.9\n"
KEY_NAME = b"flashlog"


def file_name(profile: str) -> str:
    return f"{PREFIX}-{profile}-squashfs-sysupgrade.bin"


def write_release(directory: Path, **compat_versions: str) -> Path:
    """Write a release with an image for each of two profiles; returns the directory.

    A compat version is that of the image of a profile, named with `_` alone.
    """
    directory.mkdir(parents=True, exist_ok=True)
    profiles: dict[str, Any] = {}
    for profile, title in TITLES.items():
        board = profile.replace("_", ",", 1)
        image = build_image(
            board=board,
            target=TARGET,
            release=VERSION,
            revision=CODE,
            size=8192,
            compat_version=compat_versions.get(profile.replace("-", "_"), "1.0"),
        )
        (directory / file_name(profile)).write_bytes(image)
        profiles[profile] = _profile(profile, board, title)
    read = {
        "arch_packages": "mips_24kc",
        "default_packages": ["base-files", "dropbear"],
        "metadata_version": 1,
        "profiles": profiles,
        "source_date_epoch": 1727086210,
        "target": TARGET,
        "version_code": CODE,
        "version_number": VERSION,
    }
    (directory / "profiles.json").write_text(json.dumps(read))
    (directory / f"{PREFIX}.manifest").write_text(MANIFEST)
    write_sums(directory)
    return directory


def write_sums(directory: Path) -> None:
    """Write the checksums of all that is in the directory."""
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()} *{path.name}\n"
        for path in sorted(directory.iterdir())
        if not path.name.startswith("sha256sums")
    ]
    (directory / "sha256sums").write_text("".join(lines))


def sign(directory: Path, *, name: bytes = KEY_NAME) -> Path:
    """Sign the checksums as usign does; returns the file of the public key."""
    key = Ed25519PrivateKey.generate()
    signature = key.sign((directory / "sha256sums").read_bytes())
    _write(directory / "sha256sums.sig", b"Ed" + name + signature)
    public = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    path = directory.parent / "release.pub"
    _write(path, b"Ed" + name + public)
    return path


def _write(path: Path, data: bytes) -> None:
    text = base64.b64encode(data).decode()
    path.write_text(f"untrusted comment: for tests\n{text}\n")


def _profile(profile: str, board: str, title: str) -> Mapping[str, Any]:
    vendor, _, model = title.partition(" ")
    name = file_name(profile)
    return {
        "device_packages": ["kmod-usb2", "-ppp"],
        "image_prefix": f"{PREFIX}-{profile}",
        "images": [
            {"name": name, "type": "sysupgrade", "filesystem": "squashfs"},
            {
                "name": name.replace("sysupgrade", "factory"),
                "type": "factory",
                "filesystem": "squashfs",
            },
        ],
        "supported_devices": [board],
        "titles": [{"vendor": vendor, "model": model}],
    }
