"""Messages as they go over the wire: encoded once, for all their readers."""

import struct
from collections.abc import Sequence

_TEXT = 0x81  # FIN and opcode 1 (RFC 6455 section 5.2)
_SHORT, _MEDIUM = 126, 1 << 16


class News:
    """What is told together: frames by position, in order, and joined only once."""

    def __init__(self, each: Sequence[tuple[int, bytes]]) -> None:
        self.each = each
        self.first, self.last = each[0][0], each[-1][0]
        self.joined = b"".join(frames for _, frames in each)


def text_frame(payload: bytes) -> bytes:
    """Encode one unmasked text message."""
    size = len(payload)
    if size < _SHORT:
        return struct.pack("!BB", _TEXT, size) + payload
    if size < _MEDIUM:
        return struct.pack("!BBH", _TEXT, _SHORT, size) + payload
    return struct.pack("!BBQ", _TEXT, _SHORT + 1, size) + payload
