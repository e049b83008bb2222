"""Firmware images in a directory, each under the sha256 of what it holds.

A file appears under its name only when it is whole, judged and on the disk: it is
written beside, synced, then renamed. What a crash leaves beside is swept later.
"""

import contextlib
import errno
import os
import re
import tempfile
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, BinaryIO, Self

import msgspec

from application.adapters.durable import sync_directory
from application.adapters.image_outline import OutlineBuilder
from domain.errors import NotFoundError
from domain.firmware import Firmware, admit, check_size

_SHA256 = re.compile(r"[0-9a-f]{64}")
_INCOMING = "incoming-"
_INCOMING_SECONDS_MAX = 24 * 3600
_CHUNK_BYTES = 256 * 1024


class StoreFullError(Exception):
    """There is no room for the image; nothing was stored."""


class Stored(msgspec.Struct, frozen=True, kw_only=True):
    """An image that was taken in, and what it says of itself."""

    sha256: str
    size: int
    firmware: Firmware


class StoredImage:
    """An image in the store, open: it can be read even if it is deleted meanwhile.

    Safe to read from several threads; closed by `close` or when nobody holds it.
    """

    def __init__(self, path: Path, sha256: str) -> None:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self.sha256 = sha256
        self.size = os.fstat(descriptor).st_size
        self._descriptor = descriptor
        self._close = weakref.finalize(self, os.close, descriptor)

    def read(self, start: int, length: int) -> bytes:
        """Return bytes from `start`; fewer than `length` only at the end."""
        if not self._close.alive:
            raise ValueError("the image is closed")
        pieces = []
        while length > 0:
            piece = os.pread(self._descriptor, length, start)
            if not piece:
                break
            pieces.append(piece)
            start, length = start + len(piece), length - len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


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
        with _full_told(self._directory), _incoming(self._directory) as incoming:
            file, path = incoming
            for chunk in filter(None, chunks):
                outline.add(chunk)
                check_size(outline.size, self._size_bytes_max)
                file.write(chunk)
            firmware = admit(
                outline.finish(),
                file_name=file_name,
                boards=boards,
                size_bytes_max=self._size_bytes_max,
            )
            check(firmware)
            file.flush()
            os.fsync(file.fileno())
            # replacing one of the same name repairs it, should it have been damaged
            path.replace(self.path(outline.sha256))
            sync_directory(self._directory)
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
        if not _SHA256.fullmatch(sha256):
            raise NotFoundError("An image is named by its sha256: 64 hex digits.")
        return self._directory / sha256

    def __contains__(self, sha256: str) -> bool:
        return bool(_SHA256.fullmatch(sha256)) and self.path(sha256).is_file()

    def __iter__(self) -> Iterator[str]:
        """Give the sha256 of every image, in order."""
        names = sorted(entry.name for entry in self._directory.iterdir())
        return iter([name for name in names if _SHA256.fullmatch(name)])

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
        for path in self._directory.glob(f"{_INCOMING}*"):
            with contextlib.suppress(FileNotFoundError):
                if path.stat().st_mtime < oldest:
                    path.unlink()


def chunks_of(stream: IO[bytes]) -> Iterator[bytes]:
    """Read a binary stream to its end in bounded pieces."""
    while chunk := stream.read(_CHUNK_BYTES):
        yield chunk


@contextlib.contextmanager
def _full_told(directory: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise StoreFullError(
            f"There is no room for the image in {directory}: free some, then submit "
            "it again."
        ) from error


@contextlib.contextmanager
def _incoming(directory: Path) -> Iterator[tuple[BinaryIO, Path]]:
    """Open a file beside the images; what is not renamed at the end is removed."""
    descriptor, name = tempfile.mkstemp(prefix=_INCOMING, dir=directory)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)
