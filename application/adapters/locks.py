"""Who of many processes is in which role: files of the data directory, locked."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Protocol

from application.adapters.holding import Hold


class Locks(Protocol):
    """Roles of an installation; a process that is killed has left them."""

    def alone(self, role: str) -> AbstractContextManager[Hold]:
        """Be the only one in a role, if nobody else is in it."""

    def among(
        self, role: str, *, when_first: Callable[[], None] | None = None
    ) -> AbstractContextManager[None]:
        """Be one of any number in a role; who finds nobody there runs `when_first`.

        Waits for whoever is alone in it.
        """

    def close(self) -> None: ...


class FileLocks:
    """Roles of one machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @contextmanager
    def alone(self, role: str) -> Iterator[Hold]:
        with self._lock_of(role) as descriptor:
            yield Hold(is_taken=_is_taken(descriptor))

    @contextmanager
    def among(
        self, role: str, *, when_first: Callable[[], None] | None = None
    ) -> Iterator[None]:
        with self._lock_of(role) as descriptor:
            if when_first is not None and _is_taken(descriptor):
                when_first()
            # Whoever comes meanwhile waits here, until the first one has finished.
            fcntl.flock(descriptor, fcntl.LOCK_SH)
            yield

    def close(self) -> None:
        """Nothing is open between two roles."""

    @contextmanager
    def _lock_of(self, role: str) -> Iterator[int]:
        descriptor = os.open(
            self._directory / f"{role}.lock", os.O_RDWR | os.O_CREAT, 0o600
        )
        try:
            yield descriptor
        finally:
            os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    """Take a lock for this process alone, if nobody has it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
