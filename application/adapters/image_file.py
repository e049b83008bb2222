"""Files of images: those that are there, and those on their way in."""

import contextlib
import errno
import hashlib
import os
import re
import tempfile
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, Self

from application.adapters.durable import sync_directory
from domain.errors import NotFoundError

SHA256 = re.compile(r"[0-9a-f]{64}")
INCOMING = "incoming-"


class StoreFullError(Exception):
    """There is no room for the image; nothing was stored."""


def required_sha256(name: str) -> str:
    """Return the name of an image. Raises NotFoundError where it cannot be one."""
    if not SHA256.fullmatch(name):
        raise NotFoundError("An image is named by its sha256: 64 hex digits.")
    return name


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

    def file(self) -> BinaryIO:
        """Return a file of its own to read from the beginning, to be closed."""
        if not self._close.alive:
            raise ValueError("the image is closed")
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        return os.fdopen(os.dup(self._descriptor), "rb")

    def close(self) -> None:
        self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Incoming:
    """A file beside the images, which is not one of them yet."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()

    def write(self, piece: bytes) -> None:
        self._hash.update(piece)
        self._file.write(piece)

    def take(self, pieces: Iterable[bytes]) -> str:
        """Write all of them; returns the sha256 of what there is now."""
        for piece in pieces:
            self.write(piece)
        return self._hash.hexdigest()

    def keep(self) -> None:
        """Give it the name of what it holds, when that is on the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())
        # replacing one of the same name repairs it, should it have been damaged
        self._path.replace(self._path.with_name(self._hash.hexdigest()))
        sync_directory(self._path.parent)


@contextlib.contextmanager
def incoming(directory: Path) -> Iterator[Incoming]:
    """Open a file beside the images, which is gone at the end unless it is kept."""
    with _full_told(directory):
        descriptor, name = tempfile.mkstemp(prefix=INCOMING, dir=directory)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield Incoming(file, Path(name))
        finally:
            Path(name).unlink(missing_ok=True)


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
