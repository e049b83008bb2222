"""Which processes of an installation are alive: one locked, beating file for each.

The lock tells a killed process at once, the beat (the file's time) a frozen one. Only
its owner ever locks a file for long, so looking disturbs nobody.
"""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread

_BEAT_SECONDS = 1.0


class PresentFiles:
    """The processes that are present in a data directory, by their role."""

    def __init__(self, data_dir: Path) -> None:
        self._directory = data_dir / "present"

    @contextmanager
    def of(self, role: str) -> Iterator[None]:
        """Be present in a role until the block ends; any number may share a role."""
        self._directory.mkdir(mode=0o700, exist_ok=True)
        path = self._directory / f"{role}.{os.getpid()}"
        draft = self._directory / f".{role}.{os.getpid()}"
        descriptor = os.open(draft, os.O_RDWR | os.O_CREAT, 0o600)
        left = Event()
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            # It appears already locked: nobody can take it for a dead one's.
            draft.rename(path)
            Thread(target=_beat, args=(path, left), daemon=True).start()
            yield
        finally:
            left.set()
            path.unlink(missing_ok=True)
            os.close(descriptor)

    def is_any(self, role: str, *, silent_seconds_max: float) -> bool:
        """Whether a living process of this role has given a sign lately."""
        return self.count(role, silent_seconds_max=silent_seconds_max) > 0

    def count(self, role: str, *, silent_seconds_max: float) -> int:
        """Return how many of them there are."""
        if not self._directory.is_dir():
            return 0
        oldest = time.time() - silent_seconds_max
        paths = self._directory.glob(f"{role}.*")
        return sum(_is_alive(path, oldest) for path in paths)


def _beat(path: Path, left: Event) -> None:
    while not left.wait(_BEAT_SECONDS):
        with suppress(FileNotFoundError):
            os.utime(path)


def _is_alive(path: Path, oldest: float) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.fstat(descriptor).st_mtime >= oldest
    else:
        path.unlink(missing_ok=True)
        return False
    finally:
        os.close(descriptor)
