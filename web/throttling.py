"""At most so many requests in so much time, for each who asks."""

import math
from collections import OrderedDict, deque
from threading import Lock
from time import monotonic

from application.settings import SettingsError

_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
# Whoever asked least recently is forgotten first.
_REMEMBERED = 10_000


class Throttle:
    """A sliding window; `rate` is like `1000/minute`, or `off`.

    Raises SettingsError for another rate. Counts are kept in this process alone and
    begin anew when it does.
    """

    def __init__(self, rate: str) -> None:
        self._limit, self._seconds = _parsed(rate)
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def seconds_to_wait(self, who: str) -> int:
        """Count one more request; 0 when it may pass."""
        if not self._limit:
            return 0
        now = monotonic()
        with self._lock:
            asked = self._asked.setdefault(who, deque())
            self._asked.move_to_end(who)
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            while asked and asked[0] <= now - self._seconds:
                asked.popleft()
            if len(asked) >= self._limit:
                return max(1, math.ceil(asked[0] + self._seconds - now))
            asked.append(now)
        return 0


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
