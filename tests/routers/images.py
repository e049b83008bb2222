"""Firmware images for tests, with OpenWrt's metadata trailer, and their reading.

payload | metadata block | [signature block], read from the end: 16 bytes of trailer
(`FWx0`, crc32, type, 3 zero bytes, size of the block's data with the trailer).
The crc covers every byte before the trailer and is not inverted at the end.
"""

import hashlib
import json
import struct
import zlib
from collections.abc import Sequence
from typing import Any, Literal

Damage = Literal[
    "truncated", "bit-flipped", "no-metadata", "broken-json", "payload", "empty", "html"
]

METADATA = 1
SIGNATURE = 0
_TRAILER = struct.Struct(">4sIB3xI")


def payload_of(size_bytes: int, seed: str = "") -> bytes:
    """Bytes that do not compress, the same for the same seed."""
    block = hashlib.shake_256(seed.encode()).digest(min(size_bytes, 1 << 16))
    return (block * (size_bytes // max(len(block), 1) + 1))[:size_bytes]


def with_block(image: bytes, data: bytes, kind: int) -> bytes:
    """Append one block and its trailer."""
    before = image + data
    crc = ~zlib.crc32(before) & 0xFFFFFFFF
    return before + _TRAILER.pack(b"FWx0", crc, kind, len(data) + _TRAILER.size)


def metadata_text(
    version: dict[str, str],
    devices: Sequence[str],
    compat_version: str | None,
    compat_message: str,
) -> str:
    """The JSON as OpenWrt's build writes it; None is the older metadata 1.0."""
    metadata: dict[str, Any] = {"metadata_version": "1.1"}
    if compat_version is None:
        metadata = {"metadata_version": "1.0", "supported_devices": devices}
    elif compat_version == "1.0":
        metadata |= {"compat_version": "1.0", "supported_devices": devices}
    else:
        sentence = f"Image version mismatch: image {compat_version}, device 1.0."
        metadata |= {
            "compat_version": compat_version,
            "new_supported_devices": devices,
            "supported_devices": [f"{sentence} {compat_message}".strip()],
        }
        if compat_message:
            metadata["compat_message"] = compat_message
    return json.dumps(metadata | {"version": version})


def build_image(
    board: str = "tplink,archer-c7-v5",
    release: str = "23.05.5",
    revision: str = "r24106-10cc5fcd00",
    *,
    size: int = 64 * 1024,
    target: str = "ath79/generic",
    compat_version: str | None = "1.0",
    compat_message: str = "",
    supported_devices: Sequence[str] | None = None,
    signature: bytes | None = None,
    corrupt: Damage | None = None,
    seed: str = "",
) -> bytes:
    """Make an image of `size` bytes in all for one board.

    `corrupt`: `payload` damages it under a right checksum, so that the router's own
    test passes; every other damage is one that the test finds where the target
    demands metadata.
    """
    if corrupt == "empty":
        return b""
    if corrupt == "html":
        return b"<html><body>404 Not Found</body></html>\n"
    version = {
        "dist": "OpenWrt",
        "version": release,
        "revision": revision,
        "target": target,
        "board": board.replace(",", "_"),
    }
    devices = list(supported_devices or [board])
    text = metadata_text(version, devices, compat_version, compat_message)
    if corrupt == "broken-json":
        text = text[: len(text) // 2]
    block = struct.pack(">II", 0, 0) + text.encode() + b"\n"
    rest = len(block) + _TRAILER.size
    if signature is not None:
        rest += len(signature) + _TRAILER.size
    payload = payload_of(max(size - rest, 1), seed or f"{board} {release} {revision}")
    if corrupt == "payload":
        payload = payload[:-1] + bytes([payload[-1] ^ 1])
    if corrupt == "no-metadata":
        return payload
    image = with_block(payload, block, METADATA)
    if signature is not None:
        image = with_block(image, signature, SIGNATURE)
    return _damaged(image, corrupt)


def _damaged(image: bytes, corrupt: Damage | None) -> bytes:
    if corrupt == "truncated":
        return image[:-1]
    if corrupt == "bit-flipped":
        return bytes([image[0] ^ 1]) + image[1:]
    return image


def metadata_of(image: bytes) -> str | None:
    """The text of the metadata block as fwtool gives it, None where it gives none."""
    end = len(image)
    while end >= _TRAILER.size:
        magic, crc, kind, size = _TRAILER.unpack(image[end - _TRAILER.size : end])
        if magic != b"FWx0" or not _TRAILER.size <= size <= end:
            return None
        body = end - _TRAILER.size
        if ~zlib.crc32(image[:body]) & 0xFFFFFFFF != crc:
            return None
        if kind == METADATA:
            return image[end - size + 8 : body].decode(errors="replace")
        end -= size
    return None
