"""How wide an upload is: how many channels of one connection are filled at once."""

import math

_WINDOW_BYTES = 24 << 10  # dropbear's default, the smallest in the field
_WANTED_BYTES_PER_SECOND = 8 << 20  # about what a small router can decrypt and write
_CHANNELS_MIN = 2  # while one waits for its window the other one sends


def channels_for(round_trip_seconds: float, channels_max: int) -> int:
    """Choose how many channels keep a link of this round-trip time busy.

    Each costs the router a `dd` with a buffer of 64 KiB, so not more than useful.
    """
    wanted = math.ceil(_WANTED_BYTES_PER_SECOND * round_trip_seconds / _WINDOW_BYTES)
    return max(1, min(max(wanted, _CHANNELS_MIN), channels_max))
