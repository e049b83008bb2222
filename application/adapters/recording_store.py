"""Recordings of visits in a directory, each under the sha256 of its file.

A file is whole and on the disk when it appears under its name. The first two digits
are a directory of their own, so that none grows too long.
"""

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from application.adapters.durable import sync_directory, write_once
from domain.errors import NotFoundError

# Their directory in the data directory.
RECORDINGS = "recordings"

_SHA256 = re.compile(r"[0-9a-f]{64}")


class KeptFile(msgspec.Struct, frozen=True):
    """A recording in the directory; `written_at` counts seconds since 1970."""

    sha256: str
    path: Path
    written_at: float

    @property
    def is_whole(self) -> bool:
        """Whether it is one, and nothing that is being written beside it."""
        return bool(_SHA256.fullmatch(self.sha256))


class RecordingStore:
    """Files in a directory, which is made with the first of them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def is_there(self) -> bool:
        """Whether there is a directory, with files or without."""
        return self._directory.is_dir()

    def put(self, content: bytes) -> str:
        """Keep a file and return its hash. Raises OSError where there is no room."""
        sha256 = hashlib.sha256(content).hexdigest()
        path = self.path(sha256)
        if not path.parent.exists():
            self._make(self._directory)
            self._make(path.parent)
        write_once(path, content)
        return sha256

    def get(self, sha256: str) -> bytes:
        """Return a file as it is on the disk. Raises NotFoundError."""
        try:
            return self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise NotFoundError(f"There is no recording {sha256}.") from None

    def path(self, sha256: str) -> Path:
        """Return where a file is or would be. Raises NotFoundError for no hash."""
        if not _SHA256.fullmatch(sha256):
            raise NotFoundError("A recording is named by its sha256: 64 hex digits.")
        return self._directory / sha256[:2] / sha256

    def delete(self, sha256: str) -> bool:
        """Remove a file; False where there was none."""
        path = self.path(sha256)
        try:
            path.unlink()
        except FileNotFoundError:
            return False
        sync_directory(path.parent)
        return True

    def __contains__(self, sha256: str) -> bool:
        return bool(_SHA256.fullmatch(sha256)) and self.path(sha256).is_file()

    def __iter__(self) -> Iterator[KeptFile]:
        """Give every file, also what a crash has left of one that was being written."""
        for path in self._directory.glob("[0-9a-f][0-9a-f]/*"):
            try:
                written_at = path.stat().st_mtime
            except FileNotFoundError:
                continue
            yield KeptFile(path.name, path, written_at)

    @staticmethod
    def _make(directory: Path) -> None:
        try:
            directory.mkdir(mode=0o700)
        except FileExistsError:
            return
        sync_directory(directory.parent)
