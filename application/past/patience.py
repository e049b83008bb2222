"""How long somebody may wait for an answer about the past."""

from math import inf
from time import monotonic

from application.errors import StorageError
from application.settings import Settings


class TooLongError(StorageError):
    """The answer would take longer than anybody is to wait."""


class Patience:
    """A limit in seconds, from now on: that of the settings, or a lower one."""

    def __init__(self, settings: Settings, *, seconds_max: float = inf) -> None:
        self._limit_seconds = min(settings.past_seconds_max, seconds_max)
        self._end = monotonic() + self._limit_seconds

    @property
    def left_seconds(self) -> float:
        return max(0.0, self._end - monotonic())

    def require_more(self) -> None:
        """Raise TooLongError where it is used up."""
        if not self.left_seconds:
            raise self.spent()

    def spent(self) -> TooLongError:
        return TooLongError(
            f"This would take longer than {self._limit_seconds:g} seconds: ask again, "
            "ask for less, or let it take longer (FLASHLOG_PAST_SECONDS_MAX)."
        )
