"""The blocks that OpenWrt's fwtool appends to an image, read from the end.

payload | metadata block | [signature block]; a block is its data and 16 bytes of
trailer: magic `FWx0`, CRC-32, type, three zero bytes, size (of data and trailer), all
big-endian. The CRC covers every byte of the file before its trailer, starts at
FFFFFFFF and is not inverted at the end. Facts: fwtool's source, and images that were
built and read with it.
"""

import struct
import zlib
from collections.abc import Sequence
from typing import NoReturn

import msgspec

from domain.errors import InvalidError
from domain.image_kind import GzipContent

MAGIC = b"FWx0"
TRAILER_BYTES = 16
HEADER_BYTES = 8
METADATA_BYTES_MAX = 30 * 1024
SIGNATURE_BYTES_MAX = 1024
TAIL_BYTES = 40 * 1024
SIGNATURE, METADATA = 0, 1

_TRAILER = struct.Struct(">4sIB3sI")
_DATA_BYTES_MAX = {
    METADATA: METADATA_BYTES_MAX + HEADER_BYTES,
    SIGNATURE: SIGNATURE_BYTES_MAX,
}


class Outline(msgspec.Struct, frozen=True, kw_only=True):
    """What is noted of a file while it streams by.

    `head` and `tail` are its first HEAD_BYTES and last TAIL_BYTES (all of it, when
    it is shorter), `crc32_before_tail` is `zlib.crc32` of everything before the tail:
    enough for the CRC of any block that ends within the tail. `gzip` is what a gzip
    file holds, None for others.
    """

    size: int
    head: bytes
    tail: bytes
    crc32_before_tail: int
    gzip: GzipContent | None = None


class Block(msgspec.Struct, frozen=True):
    """A block's data, checked against its CRC, without its trailer."""

    type: int
    data: bytes


def blocks(outline: Outline) -> tuple[Block, ...]:
    """Return the blocks from the end up to the metadata; all, where there is none.

    Raises InvalidError on `file` for a block that is broken.
    """
    found: list[Block] = []
    end = len(outline.tail)
    while end >= TRAILER_BYTES and outline.tail.startswith(MAGIC, end - TRAILER_BYTES):
        block, end = _block(outline, end)
        found.append(block)
        if block.type == METADATA:
            break
    return tuple(found)


def tail_before(outline: Outline, found: Sequence[Block]) -> bytes:
    """Return the tail without the blocks that were found at its end."""
    blocks_bytes = sum(len(block.data) + TRAILER_BYTES for block in found)
    return outline.tail[: len(outline.tail) - blocks_bytes]


def has_traces(tail: bytes) -> bool:
    """Whether a metadata block was there, although none stands at the end."""
    at = tail.find(MAGIC)
    while at >= 0:
        trailer = tail[at : at + TRAILER_BYTES]
        if len(trailer) < TRAILER_BYTES or _is_plausible(trailer):
            return True
        at = tail.find(MAGIC, at + 1)
    return b'"supported_devices"' in tail or b'"metadata_version"' in tail


def ends_with_trailer(end: bytes) -> bool:
    return end[-TRAILER_BYTES:].startswith(MAGIC)


def checksum(crc32: int) -> int:
    """Turn `zlib.crc32` of all bytes before a trailer into what the trailer says."""
    return ~crc32 & 0xFFFFFFFF


def _block(outline: Outline, end: int) -> tuple[Block, int]:
    data_end = end - TRAILER_BYTES
    _, said, kind, padding, size = _TRAILER.unpack(outline.tail[data_end:end])
    data_bytes = size - TRAILER_BYTES
    computed = checksum(zlib.crc32(outline.tail[:data_end], outline.crc32_before_tail))
    if said != computed:
        _refuse(
            f"its checksum is {computed:08x}, but the trailer at its end says "
            f"{said:08x}: it was damaged on the way"
        )
    if kind not in _DATA_BYTES_MAX or padding != bytes(3):
        _refuse(f"the trailer at its end is of an unknown type ({kind})")
    if not 0 <= data_bytes <= _DATA_BYTES_MAX[kind] or data_bytes > data_end:
        _refuse(
            f"the trailer at its end says that its block has {data_bytes} bytes; "
            f"allowed are 0 to {_DATA_BYTES_MAX[kind]}, within the file"
        )
    start = data_end - data_bytes
    return Block(kind, outline.tail[start:data_end]), start


def _is_plausible(trailer: bytes) -> bool:
    _, _, kind, padding, size = _TRAILER.unpack(trailer)
    largest = _DATA_BYTES_MAX.get(kind, -1) + TRAILER_BYTES
    return bool(padding == bytes(3) and TRAILER_BYTES <= size <= largest)


def _refuse(what: str) -> NoReturn:
    raise InvalidError.of(
        "file",
        f"The image is damaged: {what}. Download it again and compare its sha256 "
        "with the published one.",
    )
