"""A role that a process holds, for as long as it does."""

from threading import Event


class Hold:
    """Whether a role was taken; one that was may be lost while its work goes on.

    `lost` is set when others may have the role meanwhile. A lock on a file is never
    lost, one in a database is with the connection.
    """

    def __init__(self, *, is_taken: bool) -> None:
        self._is_taken = is_taken
        self.lost = Event()

    def __bool__(self) -> bool:
        return self._is_taken

    def ending(self, stop: Event) -> Event:
        """Return what is set when the work is to end: told to, or the role lost."""
        return _Either(stop, self.lost)


class _Either(Event):
    """Set when one of two is; it waits for the first one."""

    def __init__(self, one: Event, other: Event) -> None:
        super().__init__()
        self._one, self._other = one, other

    def is_set(self) -> bool:
        return self._one.is_set() or self._other.is_set()

    def wait(self, timeout: float | None = None) -> bool:
        return self._other.is_set() or self._one.wait(timeout) or self.is_set()
