"""The router's uptime, which tests may let jump, and the files that /proc shows."""

import os
import time
from pathlib import Path

_AT_FIRST_SECONDS = 90000.0
_AT_BOOT_SECONDS = 0.4


class Clock:
    """Seconds since the boot."""

    def __init__(self) -> None:
        self._zero = time.monotonic()

    def boot(self, *, first: bool) -> None:
        """A router that tests meet has run for a day; later boots begin anew."""
        already = _AT_FIRST_SECONDS if first else _AT_BOOT_SECONDS
        self._zero = time.monotonic() - already

    def jump(self, seconds: float) -> None:
        self._zero -= seconds

    def uptime_text(self) -> str:
        seconds = time.monotonic() - self._zero
        return f"{seconds:.2f} {seconds * 0.9:.2f}\n"

    @staticmethod
    def write(path: Path, text: str) -> None:
        """In place and in one piece: the file is what /proc/... is mounted from."""
        data = text.encode()
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            if os.pread(number, len(data) + 1, 0) != data:
                os.pwrite(number, data, 0)
                os.ftruncate(number, len(data))
        finally:
            os.close(number)
