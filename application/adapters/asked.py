"""Who has asked for something how often lately."""

import math
from collections import OrderedDict, deque
from threading import Lock
from time import monotonic
from typing import Protocol

# Whoever asked least recently is forgotten first.
_REMEMBERED = 10_000


class Asked(Protocol):
    """A sliding window for each who asks."""

    def seconds_to_wait(self, who: str, *, limit: int, seconds: float) -> int:
        """Count once more; 0 when it is not more than `limit` in that time.

        What is refused does not count.
        """


class AskedHere:
    """Kept in this process alone, and begun anew when it is."""

    def __init__(self) -> None:
        self._asked: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def seconds_to_wait(self, who: str, *, limit: int, seconds: float) -> int:
        now = monotonic()
        with self._lock:
            asked = self._asked.setdefault(who, deque())
            self._asked.move_to_end(who)
            if len(self._asked) > _REMEMBERED:
                self._asked.popitem(last=False)
            while asked and asked[0] <= now - seconds:
                asked.popleft()
            if len(asked) >= limit:
                return max(1, math.ceil(asked[0] + seconds - now))
            asked.append(now)
        return 0
