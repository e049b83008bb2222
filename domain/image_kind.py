"""What a file is, as far as its first bytes tell.

Facts: the magic numbers of the image formats that OpenWrt builds, and of files that
people hand in by mistake.
"""

from typing import Literal

import msgspec

HEAD_BYTES = 4096
GzipState = Literal["complete", "cut", "damaged", "unchecked"]

_BOOT_SIGNATURE = b"\x55\xaa"
_BOOT_SIGNATURE_AT = 510
_TAR_MAGIC_AT = 257
_TEXT_BYTES = frozenset(b"\t\r\n") | frozenset(range(0x20, 0x7F))
_TEXT_SHARE_MIN = 0.95
_MAGIC = (
    (b"\x27\x05\x19\x56", "uimage"),
    (b"\xd0\x0d\xfe\xed", "fit"),
    (b"\x1f\x8b", "gzip"),
    (b"hsqs", "squashfs"),
    (b"UBI#", "ubi"),
    (b"HDR0", "trx"),
)
_FOREIGN = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF", "a PDF document"),
    (b"\x7fELF", "a program (ELF)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
    (b"\xfd7zXZ\x00", "an xz archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
)
_FACTORY = (
    (b"*#$^", "Netgear (CHK)"),
    (b"device:", "Netgear"),
    (b"DLOB", "D-Link"),
    (b"HDR1", "Xiaomi"),
    (b"UBNT", "Ubiquiti"),
)
DESCRIPTIONS = {
    "uimage": "a uImage kernel with a root file system",
    "fit": "a FIT image",
    "gzip": "a gzip file",
    "squashfs": "a squashfs root file system",
    "ubi": "a raw UBI image",
    "trx": "a TRX image",
    "tar": "a sysupgrade tar archive",
    "disk": "a disk image",
    "unknown": "data of no known kind",
}


class GzipContent(msgspec.Struct, frozen=True, kw_only=True):
    """What came out when a gzip file was unpacked, without keeping it.

    `head` and `end` are its first HEAD_BYTES and last 16 bytes. "cut": the stream ends
    early. "damaged": it cannot be unpacked or its checksum is wrong. "unchecked": it
    was too big to unpack whole.
    """

    head: bytes
    end: bytes
    state: GzipState


def kind_of(head: bytes) -> str:
    """Return a key of DESCRIPTIONS."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[_TAR_MAGIC_AT:].startswith(b"ustar") or head.startswith(b"sysupgrade-"):
        return "tar"
    if head[_BOOT_SIGNATURE_AT:].startswith(_BOOT_SIGNATURE):
        return "disk"
    return "unknown"


def is_web_page(head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:200].lower()
    return start.startswith((b"<!doctype html", b"<html", b"<head", b"<?xml", b"<!--"))


def is_text(head: bytes) -> bool:
    """Whether this reads like text, for example an error message of a web server."""
    printable = sum(byte in _TEXT_BYTES for byte in head)
    return b"\0" not in head and printable >= _TEXT_SHARE_MIN * len(head)


def foreign_format(head: bytes) -> str | None:
    """Name a format that is never firmware, or None."""
    found = (name for magic, name in _FOREIGN if head.startswith(magic))
    return next(found, None)


def factory_vendor(head: bytes) -> str | None:
    """Name the vendor whose factory header stands at the start, or None."""
    found = (name for magic, name in _FACTORY if head.startswith(magic))
    return next(found, None)
