"""How one real router is delivered."""

from application.simulation.setup import Delivered


class Setup(Delivered, frozen=True, kw_only=True):
    """One router of dropbear and BusyBox.

    `has_mem_available`: its kernel says MemAvailable. `window_bytes` is the receive
    window of its dropbear (None: that of the release).
    """

    has_mem_available: bool = True
    window_bytes: int | None = None
    round_trip_seconds: float = 0.0
