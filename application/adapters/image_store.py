"""Firmware images in a directory, each under the sha256 of what it holds.

A file appears under its name only when it is whole, judged and on the disk: it is
written beside, synced, then renamed. What a crash leaves beside is swept later.
"""

import contextlib
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO

import msgspec

from application.adapters.durable import sync_directory
from application.adapters.image_file import (
    INCOMING,
    SHA256,
    Incoming,
    StoredImage,
    incoming,
    required_sha256,
)
from application.adapters.image_outline import OutlineBuilder
from domain.errors import NotFoundError
from domain.firmware import Firmware, admit, check_size

_INCOMING_SECONDS_MAX = 24 * 3600
_CHUNK_BYTES = 256 * 1024


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was taken in, and what it says of itself."""

    sha256: str
    size: int
    firmware: Firmware


class ImageStore:
    """The images in `directory`, which is made where it is missing.

    `size_bytes_max` is the largest file taken in, None for no limit. Several
    processes may share a directory.
    """

    def __init__(self, directory: Path, *, size_bytes_max: int | None = None) -> None:
        self._directory = directory
        self._size_bytes_max = size_bytes_max
        directory.mkdir(parents=True, exist_ok=True)
        self._sweep()

    @property
    def directory(self) -> Path:
        """Where the files are; what is on its way in may be put here, too."""
        return self._directory

    def add(
        self,
        chunks: Iterable[bytes],
        *,
        file_name: str = "",
        boards: tuple[str, ...] = (),
        check: Callable[[Firmware], object] = lambda _: None,
    ) -> Stored:
        """Take a file in; one that is there already is simply found again.

        `file_name` and `boards` help to judge it (`domain.firmware.admit`); `check`
        may refuse it too. Raises InvalidError on `file` for what is no image or too
        big, what `check` raises, StoreFullError where there is no room; then nothing
        stays behind.
        """
        outline = OutlineBuilder()
        with self.incoming() as draft:
            for chunk in filter(None, chunks):
                outline.add(chunk)
                check_size(outline.size, self._size_bytes_max)
                draft.write(chunk)
            firmware = admit(
                outline.finish(),
                file_name=file_name,
                boards=boards,
                size_bytes_max=self._size_bytes_max,
            )
            check(firmware)
            draft.keep()
        return Stored(sha256=outline.sha256, size=outline.size, firmware=firmware)

    def open(self, sha256: str) -> StoredImage:
        """Open an image for reading (`ports.ImageSource`).

        Raises NotFoundError.
        """
        try:
            return StoredImage(self.path(sha256), sha256)
        except FileNotFoundError:
            raise NotFoundError(f"There is no image {sha256} in the store.") from None

    def path(self, sha256: str) -> Path:
        """Return where an image is or would be. Raises NotFoundError for no hash."""
        return self._directory / required_sha256(sha256)

    def files(self) -> dict[str, Path]:
        """Return the file of every image by its sha256, for a backup."""
        return {sha256: self.path(sha256) for sha256 in self}

    def incoming(self) -> AbstractContextManager[Incoming]:
        """Take something in beside the images; gone at the end unless it is kept.

        Raises StoreFullError where there is no room.
        """
        return incoming(self._directory)

    def __contains__(self, sha256: str) -> bool:
        return bool(SHA256.fullmatch(sha256)) and self.path(sha256).is_file()

    def __iter__(self) -> Iterator[str]:
        """Give the sha256 of every image, in order."""
        names = sorted(entry.name for entry in self._directory.iterdir())
        return iter([name for name in names if SHA256.fullmatch(name)])

    def is_sound(self, sha256: str) -> bool:
        """Read an image whole and tell whether it still is what its name says."""
        outline = OutlineBuilder()
        with self.open(sha256) as image:
            for start in range(0, image.size, _CHUNK_BYTES):
                outline.add(image.read(start, _CHUNK_BYTES))
        return outline.sha256 == sha256

    def delete(self, sha256: str) -> bool:
        """Remove an image; False when there was none. Open readers keep theirs."""
        try:
            self.path(sha256).unlink()
        except FileNotFoundError:
            return False
        sync_directory(self._directory)
        return True

    def _sweep(self) -> None:
        """Remove what crashed uploads left; younger ones may still be running."""
        oldest = time.time() - _INCOMING_SECONDS_MAX
        for path in self._directory.glob(f"{INCOMING}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a binary stream to its end in bounded pieces."""
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk
