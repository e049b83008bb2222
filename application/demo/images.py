"""An image for the rehearsal: no firmware in it, but a true metadata trailer.

Layout as OpenWrt's fwtool writes it: payload, metadata, 16 bytes of trailer.
"""

import hashlib
import json
import struct
import zlib

BOARD = "tplink,archer-c7-v5"
RELEASE = "24.10.0"
REVISION = "r28427-6df0e3d02a"
FILE_NAME = "openwrt-24.10.0-ath79-generic-tplink_archer-c7-v5-squashfs-sysupgrade.bin"
_TRAILER = struct.Struct(">4sIB3xI")
_METADATA = 1


def rehearsal_image(size_bytes: int) -> bytes:
    """Make an image of about this size for the rehearsal's board."""
    said = {
        "metadata_version": "1.1",
        "compat_version": "1.0",
        "supported_devices": [BOARD],
        "version": {
            "dist": "OpenWrt",
            "version": RELEASE,
            "revision": REVISION,
            "target": "ath79/generic",
            "board": BOARD.replace(",", "_"),
        },
    }
    block = struct.pack(">II", 0, 0) + json.dumps(said).encode() + b"\n"
    before = hashlib.shake_256(b"flashlog").digest(size_bytes) + block
    crc = ~zlib.crc32(before) & 0xFFFFFFFF
    size = len(block) + _TRAILER.size
    return before + _TRAILER.pack(b"FWx0", crc, _METADATA, size)
