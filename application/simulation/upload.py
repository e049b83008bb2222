"""A file in the /tmp of a simulated router: kept on disk, so that a fleet fits."""

import hashlib
import os
import tempfile
import zlib
from collections.abc import Iterator

from domain.errors import InvalidError
from domain.firmware import FirmwareMetadata, read_metadata
from domain.image_kind import HEAD_BYTES
from domain.trailer import TAIL_BYTES, Outline

_PIECE_BYTES = 256 * 1024


class UploadedFile:
    """One file; may be written at any offset. `held_bytes` is what it takes."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see close
        self.size = 0
        self._written_bytes = 0

    @property
    def held_bytes(self) -> int:
        return min(self._written_bytes, self.size)

    def write(self, data: bytes, offset: int) -> None:
        os.pwrite(self._file.fileno(), data, offset)
        self.size = max(self.size, offset + len(data))
        self._written_bytes += len(data)

    def read(self, start: int, length: int) -> bytes:
        return os.pread(self._file.fileno(), length, start)

    def sha256(self, start: int = 0, end: int | None = None) -> str:
        seen = hashlib.sha256()
        for piece in self._pieces(start, self.size if end is None else end):
            seen.update(piece)
        return seen.hexdigest()

    def metadata(self) -> FirmwareMetadata | None:
        """Return what the image says of itself, None where nothing or nonsense."""
        try:
            return read_metadata(self._outline())
        except InvalidError:
            return None

    def close(self) -> None:
        """Give the room back; the file is gone."""
        self._file.close()

    def _outline(self) -> Outline:
        tail_start = max(self.size - TAIL_BYTES, 0)
        crc32 = 0
        for piece in self._pieces(0, tail_start):
            crc32 = zlib.crc32(piece, crc32)
        return Outline(
            size=self.size,
            head=self.read(0, HEAD_BYTES),
            tail=self.read(tail_start, TAIL_BYTES),
            crc32_before_tail=crc32,
        )

    def _pieces(self, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            yield (piece := self.read(start, min(_PIECE_BYTES, end - start)))
            start += len(piece)
