"""The memory of a real router as /proc/meminfo tells it."""

from dataclasses import dataclass, field

from application.simulation.setup import CRITICAL
from tests.routers.setup import Setup

_SETTLE_SECONDS = 0.25
_WIFI_KB = 1000
_HELD_KB = 500


@dataclass
class Memory:
    """What is available depends on services, Wi-Fi and files in /tmp.

    A service's memory is there a moment after it stopped, as on a router.
    """

    setup: Setup
    available_kb: int = field(init=False)
    held_kb: int = _HELD_KB
    _stopped_at: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self.available_kb = self.setup.memory_available_kb
        self.held_kb = _HELD_KB

    def hold(self, total_kb: int) -> None:
        """Let the services that may be stopped hold so much together."""
        self.held_kb = total_kb // max(len(self._holders()), 1)

    def _holders(self) -> list[str]:
        return [name for name in self.setup.services if name not in CRITICAL]

    def text(
        self, running: set[str], *, wifi: bool, tmp_more_kb: int, now: float
    ) -> str:
        """/proc/meminfo with `tmp_more_kb` more in /tmp than after the boot."""
        freed = 0
        held = dict.fromkeys(self._holders(), self.held_kb)
        up = running | {"wifi"} if wifi or not self.setup.has_wifi else running
        for name, kb in {**held, "wifi": _WIFI_KB}.items():
            if name in up:
                self._stopped_at.pop(name, None)
            elif now - self._stopped_at.setdefault(name, now) >= _SETTLE_SECONDS:
                freed += kb
        available = max(self.available_kb + freed - tmp_more_kb, 400)
        rows = {
            "MemTotal": self.setup.memory_total_kb,
            "MemFree": available * 2 // 3,
            "MemAvailable": available,
            "Buffers": 1024,
            "Cached": available // 3,
            "SwapCached": 0,
            "Shmem": max(tmp_more_kb, 0) + 800,
            "SwapTotal": 0,
            "SwapFree": 0,
        }
        if not self.setup.has_mem_available:
            del rows["MemAvailable"]
        return "".join(f"{name + ':':<16}{kb:>8} kB\n" for name, kb in rows.items())
