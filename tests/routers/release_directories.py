"""Release directories for tests, as OpenWrt's buildbots leave them."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
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


class Published:
    """A directory that is filled file by file as the build does it for a target."""

    def __init__(self, directory: Path, target: str, *, version: str = VERSION) -> None:
        directory.mkdir(parents=True)
        self.directory = directory
        self.prefix = f"openwrt-{version}-{target.replace('/', '-')}"
        self._told: dict[str, Any] = {
            "arch_packages": "mips_24kc",
            "default_packages": ["base-files", "dropbear"],
            "linux_kernel": {"release": "1", "vermagic": "0" * 32, "version": "6.6.93"},
            "metadata_version": 1,
            "profiles": {},
            "source_date_epoch": 1727094886,
            "target": target,
            "version_code": CODE,
            "version_number": version,
        }
        for name in ("config.buildinfo", "feeds.buildinfo", "version.buildinfo"):
            (directory / name).write_text(f"{CODE}\n")

    def profile(
        self,
        name: str,
        images: Mapping[tuple[str, str, str], bytes],
        *,
        supported_devices: Sequence[str],
        title: Mapping[str, str],
    ) -> None:
        """Add a profile; an image is told by file system, type and ending."""
        prefix, told = f"{self.prefix}-{name}", []
        for (filesystem, kind, ending), content in images.items():
            file_name = f"{prefix}-{filesystem}-{kind}{ending}"
            (self.directory / file_name).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            told.append(
                {
                    "filesystem": filesystem,
                    "name": file_name,
                    "sha256": sha256,
                    "sha256_unsigned": sha256,
                    "type": kind,
                }
            )
        self._told["profiles"][name] = {
            "device_packages": ["kmod-usb-chipidea2"],
            "image_prefix": prefix,
            "images": told,
            "supported_devices": list(supported_devices),
            "titles": [dict(title)],
        }

    def finish(self, manifest: str = MANIFEST) -> Path:
        """Write what names all of it; returns the directory."""
        told = json.dumps(self._told, sort_keys=True, separators=(",", ":"))
        (self.directory / "profiles.json").write_text(told)
        (self.directory / f"{self.prefix}.manifest").write_text(manifest)
        write_sums(self.directory)
        with (self.directory / "sha256sums").open("a") as file:
            # What is named and was not downloaded, also from directories below.
            file.write(f"{'0' * 64} *openwrt-imagebuilder.Linux-x86_64.tar.zst\n")
            file.write(f"{'1' * 64} *packages/Packages.gz\n")
        return self.directory
