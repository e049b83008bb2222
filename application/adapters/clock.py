"""The wall clock."""

import threading
from datetime import UTC, datetime


class SystemClock:
    """The system's clock in UTC; when that is set back it stands still instead."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = datetime.min.replace(tzinfo=UTC)

    def now(self) -> datetime:
        """Return an aware UTC time that never goes back within one process."""
        with self._lock:
            self._latest = max(self._latest, datetime.now(UTC))
            return self._latest
