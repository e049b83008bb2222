"""Word that something has changed in this process, for threads that wait for it."""

from threading import Condition


class News:
    """Counted, so that none is lost between a look and the waiting after it.

    What other processes change is not told here: whoever waits still looks by itself
    now and then.
    """

    def __init__(self) -> None:
        self._told = Condition()
        self.count = 0

    def tell(self) -> None:
        """Wake everybody who waits."""
        with self._told:
            self.count += 1
            self._told.notify_all()

    def wait(self, since: int, limit_seconds: float | None) -> None:
        """Wait until more is told than `since` counts, or a limit has passed."""
        with self._told:
            self._told.wait_for(lambda: self.count != since, limit_seconds)
