"""Roles as advisory locks of PostgreSQL, all on the one connection that is watched.

The server frees them when that connection ends: a process that is killed, or that the
server cannot reach any more, has left its roles. PostgreSQL lets one connection take a
lock twice, so who of this process has a role is known here.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic, sleep

from application.adapters.holding import Hold
from application.adapters.postgres.keys import key_of
from application.adapters.postgres.listener import Listener
from application.adapters.postgres.pool import Raw
from application.errors import LogBusyError, StorageError

_LOOK_SECONDS = 0.02
# As long as something large may take that somebody does alone.
_WAIT_SECONDS_MAX = 30.0


class AdvisoryLocks:
    """Roles of all machines that share the database.

    Being the only one is lost with the connection, and whoever was it is told. Being
    one of many is taken up again on the next one, as soon as nobody is alone in that
    role.
    """

    def __init__(self, listener: Listener, *, name: str) -> None:
        self._listener = listener
        self._name = name
        # Guarded by the listener, as the connection that they are about.
        self._alone: dict[str, Hold] = {}
        self._among: Counter[str] = Counter()
        # Roles that the server knows this process to be in, as one of many.
        self._shared: set[str] = set()
        listener.when_lost(self._lose_all)
        listener.when_there(self._come_again)

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
        self._join(role, when_first)
        try:
            yield
        finally:
            self._leave(role)

    def close(self) -> None:
        """Leave the connection to whoever made it."""

    def _try_alone(self, role: str) -> Hold | None:
        with self._listener.asking() as connection:
            if role in self._alone or self._among[role]:
                return None
            if not _says(connection, "pg_try_advisory_lock", role):
                return None
            hold = self._alone[role] = Hold(is_taken=True)
            return hold

    def _end_alone(self, role: str, hold: Hold) -> None:
        with self._listener.guarded():
            del self._alone[role]
            if not hold.lost.is_set():
                self._give_back("pg_advisory_unlock", role)

    def _join(self, role: str, when_first: Callable[[], None] | None) -> None:
        if when_first is not None:
            with self.alone(role) as is_first:
                if is_first:
                    when_first()
                    # Shared while it is held alone: nobody can come in between.
                    if self._share(role, is_first=True):
                        return
        deadline = monotonic() + _WAIT_SECONDS_MAX
        while not self._share(role):
            if monotonic() > deadline:
                msg = f"somebody keeps the others from {role} in {self._name}"
                raise LogBusyError(f"{msg}: try again")
            sleep(_LOOK_SECONDS)

    def _share(self, role: str, *, is_first: bool = False) -> bool:
        with self._listener.asking() as connection:
            if role in self._alone and not is_first:
                return False
            if role not in self._shared:
                if not _says(connection, "pg_try_advisory_lock_shared", role):
                    return False
                self._shared.add(role)
            self._among[role] += 1
            return True

    def _leave(self, role: str) -> None:
        with self._listener.guarded():
            self._among[role] -= 1
            if not self._among[role] and role in self._shared:
                self._shared.discard(role)
                self._give_back("pg_advisory_unlock_shared", role)

    def _give_back(self, function: str, role: str) -> None:
        """Where the connection is gone, so is the lock."""
        with suppress(StorageError), self._listener.asking() as connection:
            _says(connection, function, role)

    def _lose_all(self) -> None:
        self._shared.clear()
        for hold in list(self._alone.values()):
            hold.lost.set()

    def _come_again(self, connection: Raw) -> None:
        for role in [each for each, count in self._among.items() if count]:
            if role not in self._shared and _says(
                connection, "pg_try_advisory_lock_shared", role
            ):
                self._shared.add(role)


def _says(connection: Raw, function: str, role: str) -> bool:
    found = connection.execute(
        f"SELECT {function}($1)::int".encode(), (key_of("role", role),)
    ).fetchone()
    return bool(found and found[0])
