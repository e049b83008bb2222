"""The clock of the log: what waits are measured by."""

import threading
import time
from datetime import UTC, datetime, timedelta


class SystemClock:
    """The system's clock in UTC; when that is set back, it goes on by itself.

    Waits are times in the log. A clock that jumped back would make them last for as
    long as the jump, so seconds that really passed are counted from the latest time
    that was given or recorded. A jump forward is followed.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._latest = datetime.now(UTC)
        self._seen_seconds = time.monotonic()

    def now(self) -> datetime:
        """Return an aware UTC time that never goes back within one process."""
        with self._lock:
            return self._advance(datetime.now(UTC))

    def start_from(self, recorded_at: datetime) -> None:
        """Be no earlier than what another process has recorded already."""
        with self._lock:
            self._advance(recorded_at)

    def _advance(self, other: datetime) -> datetime:
        seconds = time.monotonic()
        passed = timedelta(seconds=seconds - self._seen_seconds)
        self._seen_seconds = seconds
        self._latest = max(self._latest + passed, other)
        return self._latest
