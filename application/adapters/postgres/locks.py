"""Roles as advisory locks of PostgreSQL, all on the one connection that is watched.

The server frees them when that connection ends: a process that is killed, or that the
server cannot reach any more, has left its roles. PostgreSQL lets one connection take a
lock twice, so who of this process has a role is known here.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from threading import Lock
from time import monotonic, sleep

from application.adapters.holding import Hold
from application.adapters.postgres.listener import Listener, key_of
from application.errors import LogBusyError, StorageError

_LOOK_SECONDS = 0.02
# As long as something large may take that somebody does alone.
_WAIT_SECONDS_MAX = 30.0


class AdvisoryLocks:
    """Roles of all machines that share the database."""

    def __init__(self, listener: Listener, *, name: str) -> None:
        self._listener = listener
        self._name = name
        self._guard = Lock()
        self._alone: dict[str, Hold] = {}
        self._among: Counter[str] = Counter()
        # How often all was lost: what was shared before is not to be given back.
        self._losses = 0
        listener.when_lost(self._lose_all)

    @contextmanager
    def alone(self, role: str) -> Iterator[Hold]:
        hold = self._try_alone(role)
        if hold is None:
            yield Hold(is_taken=False)
            return
        try:
            yield hold
        finally:
            self._end_alone(role, hold)

    @contextmanager
    def among(
        self, role: str, *, when_first: Callable[[], None] | None = None
    ) -> Iterator[None]:
        losses = self._join(role, when_first)
        try:
            yield
        finally:
            with self._guard:
                self._among[role] -= 1
                if losses == self._losses:
                    self._ask("pg_advisory_unlock_shared", role)

    def close(self) -> None:
        """Leave the connection to whoever made it."""

    def _try_alone(self, role: str) -> Hold | None:
        with self._guard:
            if role in self._alone or self._among[role]:
                return None
            if not self._listener_says("pg_try_advisory_lock", role):
                return None
            hold = self._alone[role] = Hold(is_taken=True)
            return hold

    def _end_alone(self, role: str, hold: Hold) -> None:
        with self._guard:
            del self._alone[role]
            if not hold.lost.is_set():
                self._ask("pg_advisory_unlock", role)

    def _join(self, role: str, when_first: Callable[[], None] | None) -> int:
        """Come to the others, and return how often all was lost before."""
        if when_first is not None:
            with self.alone(role) as is_first:
                if is_first:
                    when_first()
                    with self._guard:
                        return self._shared(role)
        deadline = monotonic() + _WAIT_SECONDS_MAX
        while True:
            with self._guard:
                if role not in self._alone and self._listener_says(
                    "pg_try_advisory_lock_shared", role
                ):
                    self._among[role] += 1
                    return self._losses
            if monotonic() > deadline:
                msg = f"somebody keeps the others from {role} in {self._name}"
                raise LogBusyError(f"{msg}: try again")
            sleep(_LOOK_SECONDS)

    def _shared(self, role: str) -> int:
        """Share a role that is held alone: nobody can come in between."""
        self._listener_says("pg_try_advisory_lock_shared", role)
        self._among[role] += 1
        return self._losses

    def _ask(self, function: str, role: str) -> None:
        """Give something back; where the connection is gone, so is the lock."""
        with suppress(StorageError):
            self._listener_says(function, role)

    def _listener_says(self, function: str, role: str) -> bool:
        with self._listener.asking() as connection:
            found = connection.execute(
                f"SELECT {function}($1)::int".encode(), (key_of("role", role),)
            ).fetchone()
        return bool(found and found[0])

    def _lose_all(self) -> None:
        self._losses += 1
        for hold in list(self._alone.values()):
            hold.lost.set()
