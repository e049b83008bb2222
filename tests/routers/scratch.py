"""Directories that live as long as the process that made them, however it ends."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

_YOUNG_SECONDS = 60.0


class Scratch:
    """A directory of this process; a lock in it tells others that it is in use."""

    def __init__(self, prefix: str) -> None:
        parent = Path(tempfile.gettempdir())
        forget_dead(parent, prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        self._lock = os.open(self.path / "owner", os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def forget_dead(parent: Path, prefix: str) -> None:
    """Remove what killed processes left."""
    for place in parent.glob(f"{prefix}*"):
        try:
            is_young = time.time() - place.stat().st_mtime < _YOUNG_SECONDS
            lock = os.open(place / "owner", os.O_RDWR)
        except OSError:  # somebody else removes it, or it is not ours to see
            continue
        try:
            if not is_young:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(place, ignore_errors=True)
        except BlockingIOError:
            pass
        finally:
            os.close(lock)
