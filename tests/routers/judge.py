"""What a router says about an image: its own test, release by release."""

import json
from dataclasses import dataclass

from tests.routers.images import metadata_of
from tests.routers.releases import Quirks

_DEMANDS_METADATA = ("ath79/", "ramips/", "ipq40xx/", "mediatek/")
_OVERRIDE = (
    "Use sysupgrade -F to override this check when downgrading "
    "or flashing to vendor firmware"
)


@dataclass(frozen=True)
class Judge:
    """One router, as far as its image test knows it."""

    quirks: Quirks
    target: str
    board: str
    compat_version: str

    def complaints(
        self, image: bytes | None, *, keep_config: bool, ignore_minor: bool = False
    ) -> list[str]:
        """Why the image is refused; nothing where it passes."""
        demands = self.target.startswith(_DEMANDS_METADATA)
        text = metadata_of(image) if image is not None else None
        if text is None:
            if not demands and image:
                return []
            word = "present" if self.quirks.generation >= 2102 else "found"
            return [f"Image metadata not {word}", _OVERRIDE]
        try:
            metadata = json.loads(text)
        except ValueError:
            return ["Failed to parse message data", _OVERRIDE]
        found = self._about_devices(metadata)
        if not found and self.quirks.knows_compat_version:
            found = self._about_versions(
                metadata, config_must_fit=keep_config and not ignore_minor
            )
        return found

    def _about_devices(self, metadata: dict[str, object]) -> list[str]:
        wanted = str(metadata.get("compat_version", "1.0"))
        key = "supported_devices"
        if self.quirks.knows_compat_version and wanted != "1.0":
            key = "new_supported_devices"
        devices = metadata.get(key)
        if not isinstance(devices, list):
            return [
                f"WARNING: Variable '{key}' does not exist or is not an array/object",
                _OVERRIDE,
            ]
        if self.board not in devices:
            return [
                f"Device {self.board} not supported by this image",
                f"Supported devices: {' '.join(map(str, devices))}",
                _OVERRIDE,
            ]
        return []

    def _about_versions(
        self, metadata: dict[str, object], *, config_must_fit: bool
    ) -> list[str]:
        wanted = str(metadata.get("compat_version", "1.0"))
        if wanted == self.compat_version:
            return []
        change = f"({self.compat_version}->{wanted})"
        message = [str(metadata[key]) for key in ("compat_message",) if key in metadata]
        if wanted.partition(".")[0] != self.compat_version.partition(".")[0]:
            incompatible = (
                "The device is supported, but this image is incompatible for "
                f"sysupgrade based on the image version {change}."
            )
            return [incompatible, *message]
        if config_must_fit:
            incompatible = (
                "The device is supported, but the config is incompatible to the new "
                f"image {change}. Please upgrade without keeping config "
                "(sysupgrade -n)."
            )
            return [incompatible, *message]
        return []

    def verdict(self, complaints: list[str]) -> str:
        """What `ubus call system validate_firmware_image` answers."""
        fits = not complaints
        return json.dumps(
            {
                "tests": {"fwtool_signature": True, "fwtool_device_match": fits},
                "valid": fits,
                "forceable": True,
                "allow_backup": True,
            },
            indent="\t",
        )
