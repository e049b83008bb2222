"""Notes what the domain wants to know of a file while the file streams by."""

import hashlib
import zlib

from domain.image_kind import HEAD_BYTES, GzipContent, GzipState
from domain.trailer import TAIL_BYTES, TRAILER_BYTES, Outline

_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW_BITS = 31
_PIECE_BYTES = 256 * 1024
# the disk images of OpenWrt unpack to some 120 MiB; past this a file is not unpacked
# further, so that a small file cannot keep a processor busy for minutes
UNPACKED_BYTES_MAX = 2 << 30


class OutlineBuilder:
    """Takes a file in pieces; keeps its head, its tail, its checksums."""

    def __init__(self) -> None:
        self.size = 0
        self._sha256 = hashlib.sha256()
        self._head = b""
        self._tail = bytearray()
        self._crc32_before_tail = 0
        self._gunzip: _Gunzip | None = None

    @property
    def sha256(self) -> str:
        return self._sha256.hexdigest()

    def add(self, piece: bytes) -> None:
        if not piece:
            return
        self.size += len(piece)
        self._sha256.update(piece)
        self._head += piece[: HEAD_BYTES - len(self._head)]
        self._add_to_tail(piece)
        self._unpack(piece)

    def finish(self) -> Outline:
        self._trim_tail()
        return Outline(
            size=self.size,
            head=self._head,
            tail=bytes(self._tail),
            crc32_before_tail=self._crc32_before_tail,
            gzip=self._gunzip.finish() if self._gunzip else None,
        )

    def _add_to_tail(self, piece: bytes) -> None:
        self._tail += piece
        if len(self._tail) > TAIL_BYTES + _PIECE_BYTES:
            self._trim_tail()

    def _trim_tail(self) -> None:
        surplus = max(len(self._tail) - TAIL_BYTES, 0)
        with memoryview(self._tail)[:surplus] as gone:
            self._crc32_before_tail = zlib.crc32(gone, self._crc32_before_tail)
        del self._tail[:surplus]

    def _unpack(self, piece: bytes) -> None:
        if self._gunzip:
            self._gunzip.add(piece)
        elif self.size - len(piece) < len(_GZIP_MAGIC) <= self.size and (
            self._head.startswith(_GZIP_MAGIC)
        ):
            self._gunzip = _Gunzip()
            self._gunzip.add(self._head[: self.size - len(piece)] + piece)


class _Gunzip:
    """Unpacks a gzip stream piece by piece and keeps only its head and its end."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_WINDOW_BITS)
        self._head = b""
        self._end = b""
        self._unpacked_bytes = 0
        self._state: GzipState = "cut"

    def add(self, piece: bytes) -> None:
        while piece and self._state == "cut":
            piece = self._unpack_some(piece)

    def finish(self) -> GzipContent:
        return GzipContent(head=self._head, end=self._end, state=self._state)

    def _unpack_some(self, piece: bytes) -> bytes:
        try:
            content = self._stream.decompress(piece, _PIECE_BYTES)
        except zlib.error:
            self._state = "damaged"
            return b""
        self._unpacked_bytes += len(content)
        self._head += content[: HEAD_BYTES - len(self._head)]
        self._end = (self._end + content)[-TRAILER_BYTES:]
        if self._stream.eof:
            self._state = "complete"
        elif self._unpacked_bytes > UNPACKED_BYTES_MAX:
            self._state = "unchecked"
        return self._stream.unconsumed_tail
