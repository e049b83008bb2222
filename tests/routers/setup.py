"""How one real router is delivered."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import uuid4

CRITICAL = ("dropbear", "network")
SERVICES = (
    "cron",
    "dnsmasq",
    "dropbear",
    "log",
    "network",
    "odhcpd",
    "openwisp-config",
    "openwisp-monitoring",
    "rpcd",
    "sysntpd",
    "uhttpd",
)


def _random_mac() -> str:
    return "02:" + ":".join(f"{byte:02x}" for byte in os.urandom(5))


@dataclass(frozen=True, kw_only=True)
class Setup:
    """One router as it is delivered; sizes in kB, times in seconds.

    `way_in` is the interface that every connection seems to come through.
    `memory_available_kb` is MemAvailable with everything running after a boot.
    """

    board: str = "tplink,archer-c7-v5"
    model: str = "TP-Link Archer C7 v5"
    target: str = "ath79/generic"
    release: str = "23.05.4"
    revision: str | None = None
    compat_version: str = "1.0"
    uuid: str | None = field(default_factory=lambda: str(uuid4()))
    macs: tuple[str, ...] = field(
        default_factory=lambda: tuple(_random_mac() for _ in range(3))
    )
    password: str = "correct horse"
    authorized_keys: Sequence[str] = ()
    services: tuple[str, ...] = SERVICES
    has_wifi: bool = True
    way_in: str = "eth1"
    memory_total_kb: int = 131072
    memory_available_kb: int = 60000
    has_mem_available: bool = True
    tmp_kb: int = 65536
    window_bytes: int | None = None
    round_trip_seconds: float = 0.0
    write_seconds: float = 0.3
    reboot_seconds: float = 1.0
