"""How a simulated router is delivered."""

import random
from uuid import UUID, uuid4

import msgspec

# What never stops: the way in.
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
REVISIONS = {
    "18.06.9": "r8077-7cbbab7246",
    "19.07.10": "r11427-9ce6aa9d8d",
    "21.02.7": "r16847-f8282da11e",
    "22.03.7": "r20341-591b7e93d3",
    "23.05.4": "r24012-d8dd03c46f",
    "24.10.0": "r28427-6df0e3d02a",
    "25.12.0": "r32713-f919e7899d",
}
_SNAPSHOT = 9999


def generation(release: str) -> int:
    """Return 1806 for 18.06.9, the highest number for a snapshot."""
    digits = "".join(release.split(".")[:2])
    return int(digits) if digits.isdigit() else _SNAPSHOT


def random_macs() -> tuple[str, ...]:
    """Return three addresses of the locally administered range."""
    return tuple(
        "02:" + ":".join(f"{random.randrange(256):02x}" for _ in range(5))
        for _ in range(3)
    )


class Delivered(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of any router for a rehearsal; sizes in kB, times in seconds.

    `memory_available_kb` is what is available with everything running after a boot.
    Writing the image takes `write_seconds`, the reboot `reboot_seconds`. `way_in` is
    the interface every connection seems to use.
    """

    board: str = "tplink,archer-c7-v5"
    model: str = "TP-Link Archer C7 v5"
    target: str = "ath79/generic"
    release: str = "23.05.4"
    revision: str | None = None
    compat_version: str = "1.0"
    uuid: str | None = msgspec.field(default_factory=lambda: str(uuid4()))
    macs: tuple[str, ...] = msgspec.field(default_factory=random_macs)
    password: str = "correct horse"  # noqa: S105 - of a router that does not exist
    authorized_keys: tuple[str, ...] = ()
    services: tuple[str, ...] = SERVICES
    has_wifi: bool = True
    way_in: str = "eth1"
    packages: tuple[str, ...] = ()
    memory_total_kb: int = 131072
    memory_available_kb: int = 60000
    tmp_kb: int = 65536
    write_seconds: float = 0.3
    reboot_seconds: float = 1.0

    @property
    def first_revision(self) -> str:
        return self.revision or REVISIONS.get(self.release, "r1-0000000000")

    def __post_init__(self) -> None:
        if self.uuid is not None:
            UUID(self.uuid)


class Setup(Delivered, frozen=True, kw_only=True):
    """One simulated router.

    Between the flash command and the first byte that is written pass `start_seconds`.
    `settle_seconds`: a stopped service's memory comes back after it.
    `command_statuses` are exit statuses of commands that health checks may run.
    """

    start_seconds: float = 0.2
    settle_seconds: float = 0.1
    command_statuses: dict[str, int] = {}
