"""Firmware images in a bucket that speaks S3, for runners on any machines.

An object has the sha256 of what it holds as its name, behind a prefix. What is read
is a copy on this machine, which is taken from the bucket once, piece by piece, and
believed only when it is what its name says.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Lock

from application.adapters.bucket import Bucket
from application.adapters.image_file import SHA256, StoredImage, required_sha256
from application.adapters.image_store import ImageStore, Stored
from application.errors import StorageError
from domain.errors import NotFoundError
from domain.firmware import Firmware

# A copy that was used just now stays, however many there are: it may be on its way.
_USED_SECONDS = 600.0


class ImageBucket:
    """The images in a bucket.

    `directory` is for the copies, of which more than `copies_bytes_max` stay only
    while they are used. `size_bytes_max` is the largest file taken in, None for no
    limit.
    """

    def __init__(
        self,
        bucket: Bucket,
        directory: Path,
        *,
        copies_bytes_max: int,
        size_bytes_max: int | None = None,
    ) -> None:
        self._bucket = bucket
        self._copies = ImageStore(directory, size_bytes_max=size_bytes_max)
        self._copies_bytes_max = copies_bytes_max
        self._fetching: dict[str, Lock] = {}
        self._guard = Lock()

    @property
    def directory(self) -> Path:
        """Where the copies are; what is on its way in may be put here, too."""
        return self._copies.directory

    def files(self) -> dict[str, Path]:
        """Return no files: what is in a bucket is backed up there."""
        return {}

    def add(
        self,
        chunks: Iterable[bytes],
        *,
        file_name: str = "",
        boards: tuple[str, ...] = (),
        check: Callable[[Firmware], object] = lambda _: None,
    ) -> Stored:
        """Take a file in (`ImageStore.add`): judged here, then sent whole.

        Raises StorageError where the bucket cannot be reached or refuses it, too.
        """
        stored = self._copies.add(
            chunks, file_name=file_name, boards=boards, check=check
        )
        try:
            with self._copies.open(stored.sha256) as image, image.file() as file:
                self._bucket.put(stored.sha256, file)
        except BaseException:
            self._copies.delete(stored.sha256)
            raise
        self._drop_unused()
        return stored

    def open(self, sha256: str) -> StoredImage:
        """Open the copy of an image, taking it from the bucket where there is none.

        Raises NotFoundError, StoreFullError, and StorageError where the bucket
        cannot be reached or has something else under that name.
        """
        with self._fetch_of(required_sha256(sha256)):
            try:
                image = self._copies.open(sha256)
            except NotFoundError:
                self._take(sha256)
                image = self._copies.open(sha256)
            with contextlib.suppress(FileNotFoundError):
                os.utime(self._copies.path(sha256))
        return image

    def __contains__(self, sha256: str) -> bool:
        return bool(SHA256.fullmatch(sha256)) and self._bucket.has(sha256)

    def __iter__(self) -> Iterator[str]:
        """Give the sha256 of every image, in order."""
        return filter(SHA256.fullmatch, self._bucket.names())

    def is_sound(self, sha256: str) -> bool:
        """Read an object whole and tell whether it still is what its name says."""
        with self._copies.incoming() as incoming:
            return incoming.take(self._bucket.pieces(required_sha256(sha256))) == sha256

    def delete(self, sha256: str) -> bool:
        """Remove an image; False when there was none. Copies elsewhere go unused."""
        was_there = sha256 in self
        if was_there:
            self._bucket.delete(sha256)
        self._copies.delete(required_sha256(sha256))
        return was_there

    def _take(self, sha256: str) -> None:
        with self._copies.incoming() as incoming:
            try:
                found = incoming.take(self._bucket.pieces(sha256))
            except NotFoundError:
                msg = f"There is no image {sha256} in the store."
                raise NotFoundError(msg) from None
            if found != sha256:
                raise StorageError(
                    f"{self._bucket.url}{sha256} holds something else (its sha256 is "
                    f"{found}): submit the image again"
                )
            incoming.keep()
        self._drop_unused()

    @contextlib.contextmanager
    def _fetch_of(self, sha256: str) -> Iterator[None]:
        """Let one thread take an image, for which the others wait."""
        with self._guard:
            lock = self._fetching.setdefault(sha256, Lock())
        with lock:
            yield

    def _drop_unused(self) -> None:
        copies = []
        for sha256, path in self._copies.files().items():
            with contextlib.suppress(FileNotFoundError):
                status = path.stat()
                copies.append((status.st_mtime, status.st_size, sha256))
        surplus = sum(size for _, size, _ in copies) - self._copies_bytes_max
        oldest = time.time() - _USED_SECONDS
        for used_at, size, sha256 in sorted(copies):
            if surplus <= 0 or used_at > oldest:
                return
            self._copies.delete(sha256)
            surplus -= size
