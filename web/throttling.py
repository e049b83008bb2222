"""At most so many requests in so much time, for each who asks."""

from application.adapters.asked import Asked, AskedHere
from application.settings import SettingsError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Throttle:
    """A sliding window; `rate` is like `1000/minute`, or `off`.

    Raises SettingsError for another rate. What is counted where several processes ask
    (`asked`) counts for all of them; otherwise in this one alone.
    """

    def __init__(self, rate: str, asked: Asked | None = None) -> None:
        self._limit, self._seconds = _parsed(rate)
        self._asked = asked or AskedHere()

    def seconds_to_wait(self, who: str) -> int:
        """Count one more request; 0 when it may pass."""
        if not self._limit:
            return 0
        return self._asked.seconds_to_wait(
            who, limit=self._limit, seconds=self._seconds
        )


def _parsed(rate: str) -> tuple[int, int]:
    if rate.strip().lower() == "off":
        return 0, 0
    number, _, period = rate.partition("/")
    seconds = _SECONDS.get(period.strip()[:1].lower())
    if not number.strip().isdecimal() or not int(number) or seconds is None:
        msg = (
            f"{rate!r} is not a rate: say something like 1000/minute (second, minute, "
            "hour, day), or off"
        )
        raise SettingsError(msg)
    return int(number), seconds
